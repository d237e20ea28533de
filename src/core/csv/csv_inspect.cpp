// What can be told of a CSV file by looking at its beginning.
#include "core/csv/csv_inspect.hpp"

#include "core/csv/csv_columns.hpp"
#include "core/csv/csv_dos.hpp"
#include "core/csv/csv_formula.hpp"
#include "core/csv/csv_guess.hpp"
#include "core/csv/csv_heading.hpp"
#include "core/csv/csv_layout.hpp"
#include "core/csv/csv_rejected.hpp"
#include "core/csv/csv_values.hpp"
#include "core/json/fault_reason.hpp"

#include <algorithm>

namespace eryxon::core {

namespace {

constexpr std::size_t shown_samples = 5, shown_characters = 60;

Json warning_json(const Warning& warning, JsonArena& arena) {
    JsonObject json(arena, 3);
    json.add("code", warning.code);
    json.add("message", make_string(warning.message, arena));
    if (!warning.params.empty()) json.add("params", parse_json(arena.copy(warning.params), arena));
    return json.json();
}

// The beginning of a text, at a character's boundary.
std::string_view shortened(std::string_view text) {
    if (text.size() <= shown_characters) return text;
    std::size_t end = shown_characters;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80)
        end--;
    return text.substr(0, end);
}

// The field whose values the cells are: the one that the column is mapped to, else the one that is proposed.
std::string_view field_of_cells(const Entity& entity, const std::vector<std::string>& members, std::string_view heading,
                                std::string_view proposed, const CsvOptions& options) {
    if (!members.empty() && entity.names.find(members.front()) >= 0) return own_name(entity, members.front());
    bool const mapped = std::any_of(options.mapping.begin(), options.mapping.end(),
                                    [&](const CsvMapped& entry) { return entry.column == heading; });
    return mapped || options.only_mapped ? std::string_view() : proposed;
}

// One look at a file.
class Inspection {
public:
    Inspection(const Entity& entity, std::string_view text, const CsvOptions& options,
               const std::vector<CsvMapped>& known, JsonArena& arena)
        : entity_(entity), options_(options), arena_(arena) {
        CsvLayout const layout = find_layout(entity, text, options);
        delimiter_ = layout.delimiter;
        rows_ = first_rows(text, layout);
        if (rows_.empty()) throw CallError(make_fault(Code::invalid_option, "", Reason::empty_file));
        corrected_ = is_rejected_header(rows_.front().cells);
        if (!corrected_ && options.header && !options.header_line)
            rows_.erase(rows_.begin(), rows_.begin() + static_cast<std::ptrdiff_t>(find_header_row(entity, rows_)));
        has_header_ = corrected_ || (options.find_header ? looks_like_header() : options.header);
        name_columns(known);
        note_cells();
        DosWords words;
        words.look(text);
        if (std::optional<Warning> const warning = words.warning()) warnings_.push_back(warning_json(*warning, arena));
    }

    Json answer();

private:
    struct Column {
        std::string heading;
        CsvProposal proposal;
        ValueKind kind;
        std::vector<std::string_view> cells;
    };

    bool looks_like_header() const;
    void name_columns(const std::vector<CsvMapped>& known);
    void note_cells();
    std::vector<std::string_view> headings() const;
    Json column_json(const Column& column, std::size_t number);
    bool any_cell(std::initializer_list<ValueKind> kinds, bool (*test)(std::string_view)) const;
    void add_numbers(JsonObject& answer);
    DateOrder dates();

    const Entity& entity_;
    const CsvOptions& options_;
    JsonArena& arena_;
    char delimiter_;
    std::vector<CsvRow> rows_;  // the header first
    bool corrected_;            // it is a file of rejected lines
    bool has_header_;
    std::vector<Column> columns_;
    std::vector<Json> warnings_;
};

// A first line that names a field is a header; so is one without numbers and empty cells, but for those at its end.
bool Inspection::looks_like_header() const {
    std::vector<std::string> first = rows_.front().cells;
    while (!first.empty() && first.back().empty())
        first.pop_back();
    bool const names = std::any_of(first.begin(), first.end(),
                                   [&](const std::string& cell) { return is_known_heading(entity_, cell); });
    return names || std::none_of(first.begin(), first.end(), [](const std::string& cell) {
               return cell.empty() || cell.find_first_not_of("0123456789.,:/- ") == std::string::npos;
           });
}

// True if most cells look like dates: a column whose heading says nothing, with a cell or two that do not belong.
bool looks_like_dates(const std::vector<std::string_view>& cells) {
    auto const dates = static_cast<std::size_t>(std::count_if(cells.begin(), cells.end(), [](std::string_view cell) {
        return !iso_date(cell, DateOrder::day_first).empty() || !iso_date(cell, DateOrder::month_first).empty();
    }));
    return dates > 0 && 5 * dates >= 4 * cells.size();
}

std::vector<std::string_view> Inspection::headings() const {
    std::vector<std::string_view> headings;
    for (const Column& column : columns_)
        headings.push_back(column.heading);
    return headings;
}

void Inspection::name_columns(const std::vector<CsvMapped>& known) {
    for (std::size_t i = 0; i < rows_.front().cells.size(); i++) {
        std::string heading = has_header_ ? rows_.front().cells[i] : std::to_string(i + 1);
        columns_.push_back({corrected_ ? std::string(without_apostrophe(heading)) : heading, {}, {}, {}});
    }
    auto const proposals = propose_fields(entity_, headings(), has_header_ ? known : std::vector<CsvMapped>());
    for (std::size_t i = 0; i < columns_.size(); i++)
        columns_[i].proposal = proposals[i];
}

// Takes the cells, and what they are read as: as the mapping says it, if there is one.
void Inspection::note_cells() {
    auto const members = meant_members(entity_, headings(), options_);
    for (std::size_t i = 0; i < columns_.size(); i++) {
        Column& column = columns_[i];
        for (std::size_t row = has_header_ ? 1 : 0; row < rows_.size(); row++)
            if (i < rows_[row].cells.size() && !rows_[row].cells[i].empty())
                column.cells.push_back(rows_[row].cells[i]);
        std::string_view const field =
            field_of_cells(entity_, members[i], column.heading, column.proposal.field, options_);
        column.kind = kind_of(entity_, field);
        if (field.empty() && looks_like_dates(column.cells)) column.kind = ValueKind::date;
    }
}

bool Inspection::any_cell(std::initializer_list<ValueKind> kinds, bool (*test)(std::string_view)) const {
    return std::any_of(columns_.begin(), columns_.end(), [&](const Column& column) {
        return std::find(kinds.begin(), kinds.end(), column.kind) != kinds.end() &&
               std::any_of(column.cells.begin(), column.cells.end(), test);
    });
}

// Adds the decimal sign and what groups digits. Only fields that are numbers tell them; if these do not, the user has
// to, for 1.000 may be a thousand or one.
void Inspection::add_numbers(JsonObject& answer) {
    NumberSigns signs;
    for (const Column& column : columns_)
        if (is_number(column.kind))
            std::for_each(column.cells.begin(), column.cells.end(), [&](auto cell) { signs.look(cell); });
    char const decimal = signs.decimal(), found = signs.group(decimal),
               group = decimal == ',' && found == '\0' ? '.' : found;
    auto const sign = [&](char c) { return c == '\0' ? Json::string("") : make_string({&c, 1}, arena_); };
    answer.add("decimal", decimal == '\0' ? Json::null() : sign(decimal));
    answer.add("grouping", decimal == '\0' ? Json::null() : sign(group));
    if (decimal == '\0') warnings_.push_back(warning_json(number_sign_warning(signs), arena_));
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
    warnings_.push_back(warning_json(make_warning("DATE_ORDER", "", Reason::date_order), arena_));
    return slashes && delimiter_ == ',' ? DateOrder::month_first : DateOrder::day_first;
}

Json Inspection::column_json(const Column& column, std::size_t number) {
    std::vector<Json> samples;
    for (std::string_view cell : column.cells)
        if (samples.size() < shown_samples) samples.push_back(make_string(shortened(cell), arena_));
    JsonObject json(arena_, 5);
    json.add("column", make_number(static_cast<std::int64_t>(number), arena_));
    json.add("name", make_string(column.heading, arena_));
    bool const proposed = !column.proposal.field.empty();
    json.add("field", proposed ? make_string(column.proposal.field, arena_) : Json::null());
    json.add("match", proposed ? Json::string(column.proposal.certain ? "certain" : "guess") : Json::null());
    json.add("samples", arena_.array(samples));
    return json.json();
}

Json Inspection::answer() {
    std::vector<Json> columns;
    for (const Column& column : columns_)
        columns.push_back(column_json(column, columns.size() + 1));
    JsonObject answer(arena_, 8);
    answer.add("delimiter", delimiter_ == '\t' ? Json::string("tab") : make_string({&delimiter_, 1}, arena_));
    answer.add("header", Json::boolean(has_header_));
    answer.add("header_line", make_number(static_cast<std::int64_t>(rows_.front().line), arena_));
    add_numbers(answer);
    answer.add("date_format", Json::string(date_order_name(dates())));
    answer.add("columns", arena_.array(columns));
    answer.add("warnings", arena_.array(warnings_));
    return answer.json();
}

}  // namespace

Json inspect_csv(const Entity& entity, std::string_view text, const CsvOptions& options,
                 const std::vector<CsvMapped>& known, JsonArena& arena) {
    return Inspection(entity, text, options, known, arena).answer();
}

}  // namespace eryxon::core
