// What can be told of a CSV file by looking at its beginning.
#include "core/csv/csv_inspect.hpp"

#include "core/base/utf8.hpp"
#include "core/csv/csv_columns.hpp"
#include "core/csv/csv_formula.hpp"
#include "core/csv/csv_values.hpp"
#include "core/json/fault_reason.hpp"

#include <algorithm>
#include <map>

namespace eryxon::core {

namespace {

// How much of a file is looked at.
constexpr std::size_t sample_bytes = 1 << 18, sample_records = 200, shown_samples = 5, shown_characters = 60;
constexpr std::string_view delimiters = ",;\t|";

[[noreturn]] void refuse_file(Reason reason, std::string hint = {}) {
    throw CallError(make_fault(Code::invalid_option, "", reason, {}, std::move(hint)));
}

// The first lines of a text; whole ones, unless it has but one.
std::string_view beginning(std::string_view text) {
    if (text.size() <= sample_bytes) return text;
    std::size_t const end = text.rfind('\n', sample_bytes);
    return text.substr(0, end == std::string_view::npos ? sample_bytes : end + 1);
}

using Rows = std::vector<std::vector<std::string>>;

// The first records; as many as can be read.
Rows first_rows(std::string_view text, char delimiter) {
    Rows rows;
    CsvReader reader(beginning(text), delimiter);
    CsvRecord record;
    try {
        while (rows.size() < sample_records && reader.next(record))
            if (!record.malformed) rows.emplace_back(record.cells.begin(), record.cells.end());
    } catch (const CallError&) {
        // What is wrong behind these is told by the import.
    }
    return rows;
}

// How well a delimiter splits the text: how many records have as many cells as the first, then how many cells these
// are.
std::pair<std::size_t, std::size_t> merit(std::string_view text, char delimiter) {
    Rows const rows = first_rows(text, delimiter);
    if (rows.empty() || rows.front().size() < 2) return {};
    std::size_t const width = rows.front().size();
    std::size_t const alike = static_cast<std::size_t>(
        std::count_if(rows.begin(), rows.end(), [&](const auto& row) { return row.size() == width; }));
    return {100 * alike / rows.size(), width};
}

// The beginning of a text, at a character's boundary.
std::string_view shortened(std::string_view text) {
    if (text.size() <= shown_characters) return text;
    std::size_t end = shown_characters;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80)
        end--;
    return text.substr(0, end);
}

// One look at a file.
class Inspection {
public:
    Inspection(const Entity& entity, std::string_view text, const CsvOptions& options, JsonArena& arena)
        : entity_(entity), arena_(arena) {
        delimiter_ = options.delimiter != '\0' ? options.delimiter : find_delimiter(text);
        rows_ = first_rows(text, delimiter_);
        if (rows_.empty()) refuse_file(Reason::empty_file);
        corrected_ = is_rejected_header(rows_.front());
        has_header_ = corrected_ || (options.find_header ? looks_like_header() : options.header);
        name_columns();
    }

    Json answer();

private:
    struct Column {
        std::string heading;
        std::string_view field;
        ValueKind kind;
        std::vector<std::string_view> cells;
    };

    bool looks_like_header() const;
    void name_columns();
    Json column_json(const Column& column, std::size_t number);
    bool any_cell(std::initializer_list<ValueKind> kinds, bool (*test)(std::string_view)) const;
    char decimal() const;
    DateOrder dates();

    const Entity& entity_;
    JsonArena& arena_;
    char delimiter_;
    Rows rows_;
    bool corrected_;  // it is a file of rejected lines
    bool has_header_;
    std::vector<Column> columns_;
    std::vector<Json> warnings_;
};

// A first line that names a field is a header; so is one without numbers and empty cells, but for those at its end.
bool Inspection::looks_like_header() const {
    std::vector<std::string> first = rows_.front();
    while (!first.empty() && first.back().empty())
        first.pop_back();
    bool const names = std::any_of(first.begin(), first.end(),
                                   [&](const std::string& cell) { return !match_heading(entity_, cell).empty(); });
    return names || std::none_of(first.begin(), first.end(), [](const std::string& cell) {
               return cell.empty() || cell.find_first_not_of("0123456789.,:/- ") == std::string::npos;
           });
}

// What the cells of a column look like whose heading says nothing.
ValueKind guessed_kind(const std::vector<std::string_view>& cells) {
    const auto all = [&](bool (*test)(std::string_view)) {
        return !cells.empty() && std::all_of(cells.begin(), cells.end(), test);
    };
    bool const dates = all([](std::string_view cell) {
        return !iso_date(cell, DateOrder::day_first).empty() || !iso_date(cell, DateOrder::month_first).empty();
    });
    if (dates) return ValueKind::date;
    return all([](std::string_view cell) { return !number_with_point(cell).empty(); }) ? ValueKind::numeric
                                                                                       : ValueKind::text;
}

void Inspection::name_columns() {
    std::map<std::string_view, int> proposed;
    for (std::size_t i = 0; i < rows_.front().size(); i++) {
        std::string heading = has_header_ ? rows_.front()[i] : std::to_string(i + 1);
        if (corrected_) heading = without_apostrophe(heading);
        std::string_view field = has_header_ ? own_name(entity_, match_heading(entity_, heading)) : std::string_view();
        if (!field.empty() && proposed[field]++ > 0) field = {};
        Column column{std::move(heading), field, kind_of(entity_, field), {}};
        for (std::size_t row = has_header_ ? 1 : 0; row < rows_.size(); row++)
            if (i < rows_[row].size() && !rows_[row][i].empty()) column.cells.push_back(rows_[row][i]);
        if (field.empty()) column.kind = guessed_kind(column.cells);
        columns_.push_back(std::move(column));
    }
}

bool Inspection::any_cell(std::initializer_list<ValueKind> kinds, bool (*test)(std::string_view)) const {
    return std::any_of(columns_.begin(), columns_.end(), [&](const Column& column) {
        return std::find(kinds.begin(), kinds.end(), column.kind) != kinds.end() &&
               std::any_of(column.cells.begin(), column.cells.end(), test);
    });
}

char Inspection::decimal() const {
    bool const commas =
        any_cell({ValueKind::numeric, ValueKind::floating, ValueKind::integer}, [](std::string_view cell) {
            return cell.find(',') != std::string_view::npos && !number_with_point(cell).empty();
        });
    return commas ? ',' : '.';
}

// The order of days and months, from the dates of which only one reading is possible.
DateOrder Inspection::dates() {
    auto const kinds = {ValueKind::date, ValueKind::timestamp, ValueKind::timestamptz};
    bool const local =
        any_cell(kinds, [](std::string_view cell) { return !iso_date(cell, DateOrder::day_first).empty(); });
    if (!local) return DateOrder::iso;
    bool const month_second = any_cell(kinds, [](std::string_view cell) {
        std::string const date = iso_date(cell, DateOrder::month_first);
        return !date.empty() && date.substr(5, 2) > "12";
    });
    bool const month_first = any_cell(kinds, [](std::string_view cell) {
        std::string const date = iso_date(cell, DateOrder::day_first);
        return !date.empty() && date.substr(5, 2) > "12";
    });
    if (month_first != month_second) return month_first ? DateOrder::month_first : DateOrder::day_first;
    bool const slashes =
        any_cell(kinds, [](std::string_view cell) { return cell.find('/') != std::string_view::npos; });
    JsonObject warning(arena_, 2);
    warning.add("code", "DATE_ORDER");
    warning.add("message", reason_entry(Reason::date_order).message);
    warnings_.push_back(warning.json());
    return slashes && delimiter_ == ',' ? DateOrder::month_first : DateOrder::day_first;
}

Json Inspection::column_json(const Column& column, std::size_t number) {
    std::vector<Json> samples;
    for (std::string_view cell : column.cells)
        if (samples.size() < shown_samples) samples.push_back(make_string(shortened(cell), arena_));
    JsonObject json(arena_, 4);
    json.add("column", make_number(static_cast<std::int64_t>(number), arena_));
    json.add("name", make_string(column.heading, arena_));
    json.add("field", column.field.empty() ? Json::null() : make_string(column.field, arena_));
    json.add("samples", arena_.array(samples));
    return json.json();
}

Json Inspection::answer() {
    std::vector<Json> columns;
    for (const Column& column : columns_)
        columns.push_back(column_json(column, columns.size() + 1));
    JsonObject answer(arena_, 6);
    answer.add("delimiter", delimiter_ == '\t' ? Json::string("tab") : make_string({&delimiter_, 1}, arena_));
    answer.add("header", Json::boolean(has_header_));
    answer.add("decimal", decimal() == ',' ? Json::string(",") : Json::string("."));
    answer.add("date_format", Json::string(date_order_name(dates())));
    answer.add("columns", arena_.array(columns));
    answer.add("warnings", arena_.array(warnings_));
    return answer.json();
}

}  // namespace

void refuse_other_formats(std::string_view bytes) {
    if (bytes.starts_with("PK\x03\x04") || bytes.starts_with("\xD0\xCF\x11\xE0"))
        refuse_file(Reason::workbook, "Save it as \"CSV UTF-8\" in the spreadsheet, and import that file.");
    if (bytes.starts_with("\xFF\xFE") || bytes.starts_with("\xFE\xFF"))
        refuse_file(Reason::utf_16, "Save it as \"CSV UTF-8\" in the spreadsheet, and import that file.");
}

std::string_view find_encoding(std::string_view bytes) {
    if (is_utf8(bytes)) return "UTF8";
    bool const undefined = bytes.find_first_of("\x81\x8D\x8F\x90\x9D") != std::string_view::npos;
    return undefined ? "LATIN1" : "WIN1252";
}

char find_delimiter(std::string_view text) {
    char best = ',';
    std::pair<std::size_t, std::size_t> most{};
    for (char const delimiter : delimiters)
        if (auto const found = merit(text, delimiter); found > most) {
            most = found;
            best = delimiter;
        }
    return best;
}

Json inspect_csv(const Entity& entity, std::string_view text, const CsvOptions& options, JsonArena& arena) {
    return Inspection(entity, text, options, arena).answer();
}

}  // namespace eryxon::core
