// Reads CSV text record by record. libcsv is handed one physical line after the other, which tells where records begin.
#include "core/csv/csv_reader.hpp"

#include "core/json/fault_reason.hpp"

#include <csv.h>
#include <algorithm>
#include <cstring>
#include <exception>
#include <new>
#include <string>
#include <utility>

namespace eryxon::core {

// libcsv's state, and the cells of the record that it is in.
struct CsvReader::Parser {
    explicit Parser(char delimiter) : delimiter(delimiter) { begin(); }
    ~Parser() { csv_free(&state); }

    void begin() {
        if (csv_init(&state, CSV_STRICT | CSV_STRICT_FINI | CSV_REPALL_NL) != 0) throw std::bad_alloc();
        csv_set_delim(&state, static_cast<unsigned char>(delimiter));
        clear();
    }
    void restart() {
        csv_free(&state);
        begin();
    }
    void clear() {
        characters.clear();
        ends.clear();
        complete = false;
    }

    // Called from C, through which nothing may be thrown: what is, is kept until libcsv returns.
    static void add_cell(void* bytes, std::size_t size, void* self) noexcept {
        auto& parser = *static_cast<Parser*>(self);
        try {
            parser.characters.append(static_cast<const char*>(bytes), size);
            parser.ends.push_back(parser.characters.size());
        } catch (...) {
            parser.thrown = std::current_exception();
        }
    }
    static void end_record(int, void* self) noexcept { static_cast<Parser*>(self)->complete = true; }

    void throw_kept() {
        if (thrown) std::rethrow_exception(std::exchange(thrown, nullptr));
    }

    // False if a quote stands where none may.
    bool parse(std::string_view line) {
        bool const parsed = csv_parse(&state, line.data(), line.size(), add_cell, end_record, this) == line.size();
        throw_kept();
        if (!parsed && csv_error(&state) != CSV_EPARSE) throw std::bad_alloc();
        return parsed;
    }
    // False if a quoted cell is open.
    bool finish() {
        bool const finished = csv_fini(&state, add_cell, end_record, this) == 0;
        throw_kept();
        return finished;
    }

    char delimiter;
    csv_parser state{};
    std::string characters;
    std::vector<std::size_t> ends;
    std::exception_ptr thrown;
    bool complete = false;
};

std::int64_t count_lines(std::string_view text) {
    std::int64_t lines = text.empty() || text.back() == '\n' || text.back() == '\r' ? 0 : 1;
    for (std::size_t at = text.find_first_of("\r\n"); at != std::string_view::npos;
         at = text.find_first_of("\r\n", at)) {
        lines++;
        at += text.substr(at, 2) == "\r\n" ? 2 : 1;
    }
    return lines;
}

CsvReader::CsvReader(std::string_view text, char delimiter)
    : text_(text), parser_(std::make_unique<Parser>(delimiter)) {}
CsvReader::~CsvReader() = default;

namespace {

// A record that goes over more lines than these is not tried anew from its second one.
constexpr std::uint64_t most_lines = 1000;

std::string_view without_break(std::string_view line) {
    while (!line.empty() && (line.back() == '\n' || line.back() == '\r'))
        line.remove_suffix(1);
    return line;
}

bool all_empty(const std::vector<std::string_view>& cells) {
    return std::all_of(cells.begin(), cells.end(), [](std::string_view cell) { return cell.empty(); });
}

}  // namespace

// The next physical line with its line break; empty at the end.
std::string_view CsvReader::take_line() {
    std::string_view const rest = text_.substr(position_);
    if (rest.empty()) return rest;
    const void* const feed = std::memchr(rest.data(), '\n', rest.size());
    std::size_t end =
        feed != nullptr ? static_cast<std::size_t>(static_cast<const char*>(feed) - rest.data()) + 1 : rest.size();
    const void* const carriage = std::memchr(rest.data(), '\r', end);
    if (carriage != nullptr) {
        std::size_t const at = static_cast<std::size_t>(static_cast<const char*>(carriage) - rest.data());
        end = at + 1 < rest.size() && rest[at + 1] == '\n' ? at + 2 : at + 1;
    }
    position_ += end;
    line_++;
    return rest.substr(0, end);
}

// Fills the record from the parser; false if no cell has anything in it.
bool CsvReader::fill(CsvRecord& record) {
    record.text = without_break(text_.substr(begin_, position_ - begin_));
    std::size_t begin = 0;
    for (std::size_t const end : parser_->ends) {
        record.cells.push_back(std::string_view(parser_->characters).substr(begin, end - begin));
        begin = end;
    }
    return !all_empty(record.cells);
}

// The fault of a cell that swallows too many lines.
static Fault unterminated(std::size_t line) {
    Fault fault = make_fault(Code::invalid_payload, "", Reason::unterminated_cell, {{"line", line}},
                             "Put a second quote where the cell ends, or double a quote that belongs to it.");
    fault.sqlstate = "22P04";
    return fault;
}

// Goes back behind the record's first line: most likely the fault is there, and the lines that it swallowed are good.
void CsvReader::leave_out(CsvRecord& record) {
    if (line_ - record.line > most_lines) throw CallError(unterminated(record.line));
    parser_->restart();
    position_ = first_end_;
    line_ = record.line;
    record.text = without_break(text_.substr(begin_, first_end_ - begin_));
    record.malformed = true;
}

// Takes what stands behind the last line break.
bool CsvReader::finish(CsvRecord& record) {
    if (begin_ == position_) return false;
    if (parser_->finish()) return parser_->complete && fill(record);
    leave_out(record);
    return true;
}

bool CsvReader::next(CsvRecord& record) {
    record.cells.clear();
    record.malformed = false;
    for (bool first = true;; first = false) {
        if (first || parser_->complete) {
            parser_->clear();
            begin_ = position_;
            record.line = line_ + 1;
        }
        bool const begins = begin_ == position_;
        std::string_view const line = take_line();
        if (line.empty()) return finish(record);
        if (begins) first_end_ = position_;
        if (!parser_->parse(line)) {
            leave_out(record);
            return true;
        }
        if (parser_->complete && fill(record)) return true;
        if (parser_->complete) record.cells.clear();
    }
}

void CsvReader::skip_lines(std::uint64_t count) {
    while (line_ < count && !take_line().empty())
        continue;
}

}  // namespace eryxon::core
