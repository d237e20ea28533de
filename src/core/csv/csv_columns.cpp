// The records that the lines of a CSV file make.
#include "core/csv/csv_columns.hpp"

#include "core/csv/csv_encoding.hpp"
#include "core/csv/csv_formula.hpp"
#include "core/csv/csv_line.hpp"
#include "core/csv/csv_rejected.hpp"
#include "core/csv/csv_values.hpp"
#include "core/json/json_build.hpp"

#include <algorithm>

namespace eryxon::core {

namespace {

// The fault with the text that caused it.
Fault with_text(Fault fault, std::string_view text) {
    fault.value = text;
    return fault;
}

// The headings as they were before they were kept from being formulas.
std::vector<std::string_view> original(std::span<const std::string_view> headings, bool corrected) {
    std::vector<std::string_view> names(headings.begin(), headings.end());
    if (corrected) std::transform(names.begin(), names.end(), names.begin(), without_apostrophe);
    return names;
}

// True for a text that the field's rule gives another value to.
bool is_alias(const CsvColumn& column, std::string_view text) {
    return column.field != nullptr && column.field->value_aliases.contains(text);
}

// The fault of a character that no text has.
Fault character_fault(const std::string& path, std::string_view character) {
    bool const replaced = character.size() > 2;
    Fault fault = replaced ? make_fault(Code::invalid_payload, path, Reason::unreadable_character, {},
                                        "Give the file's encoding, or save it as UTF-8.")
                           : make_fault(Code::invalid_payload, path, Reason::control_character, {},
                                        "The file may be in another encoding, such as that of DOS: save it as UTF-8.");
    fault.sqlstate = "22021";
    return fault;
}

}  // namespace

CsvColumns::CsvColumns(const Entity& entity, std::span<const std::string_view> written, const CsvOptions& options)
    : options_(options), count_(written.size()), corrected_(is_rejected_header(written)) {
    std::vector<std::string_view> const headings = original(written, corrected_);
    plan_ = plan_columns(entity, headings, options);
    if (options.header || corrected_) headings_.assign(headings.begin(), headings.end());
}

std::string_view CsvColumns::unquoted(std::string_view cell) const {
    return corrected_ ? without_apostrophe(cell) : cell;
}

// What the column's cell holds, or what it is made of; until the next call.
std::string_view CsvColumns::cell(const CsvColumn& column, const CsvRecord& line) {
    if (!column.pieces.empty()) return joined(column, line);
    return column.place < line.cells.size() ? unquoted(line.cells[column.place]) : std::string_view();
}

// Cells and texts joined; nothing if one of the cells is empty.
std::string_view CsvColumns::joined(const CsvColumn& column, const CsvRecord& line) {
    joined_.clear();
    auto place = column.places.begin();
    for (const CsvPiece& piece : column.pieces) {
        if (!piece.is_column) {
            joined_ += piece.text;
            continue;
        }
        std::string_view const cell = *place < line.cells.size() ? unquoted(line.cells[*place]) : std::string_view();
        if (cell.empty()) return {};
        joined_ += cell;
        ++place;
    }
    return joined_;
}

// Counts what file_warnings() tells.
void CsvColumns::note(const CsvRecord& line) {
    for (CsvIgnored& column : plan_.ignored)
        column.lines += column.place < line.cells.size() && !line.cells[column.place].empty();
    if (!options_.find_decimal) return;
    for (const CsvColumn& column : plan_.columns)
        if (std::string_view const text = cell(column, line); is_number(column.kind) && !is_alias(column, text))
            signs_.look(text);
}

// An alias of the field comes before the file's own word for null. What is empty is no value, unless one of the two is.
std::optional<Json> CsvColumns::value(const CsvColumn& column, const CsvRecord& line, JsonArena& arena) {
    bool const there = column.pieces.empty() && column.place < line.cells.size();
    std::string_view text = cell(column, line);
    if (text.empty() && options_.external_source && column.name == "external_source") text = *options_.external_source;
    if (text.empty() && !there) return std::nullopt;
    if (is_alias(column, text)) return make_string(text, arena);
    if (text == options_.null_token) return Json::null();
    return text.empty() ? std::nullopt : std::optional(make_string(text, arena));
}

Json CsvColumns::record(const CsvRecord& line, JsonArena& arena) {
    note(line);
    members_.clear();
    for (const CsvColumn& column : plan_.columns)
        if (std::optional<Json> const value = this->value(column, line, arena))
            members_.push_back({column.name, *value});
    return Json::object(members_);
}

std::optional<Fault> CsvColumns::line_fault(const CsvRecord& line) const {
    if (line.malformed)
        return with_text(make_fault(Code::invalid_payload, "", Reason::malformed_line, {},
                                    "Put quotes around the whole cell, and double those that belong to it."),
                         line.text.substr(0, 100));
    if (std::optional<Fault> fault = decoration_fault(line, headings_))
        return with_text(*std::move(fault), line.text.substr(0, 100));
    for (std::size_t i = count_; i < line.cells.size(); i++)
        if (!line.cells[i].empty())
            return with_text(make_fault(Code::invalid_payload, "", Reason::extra_cells,
                                        {{"cells", line.cells.size()}, {"limit", count_}},
                                        "Put quotes around cells that have the delimiter in them."),
                             line.cells[i]);
    return std::nullopt;
}

std::optional<Fault> CsvColumns::fault(const CsvRecord& line) {
    if (std::optional<Fault> fault = line_fault(line)) return fault;
    for (const CsvColumn& column : plan_.columns)
        if (std::optional<Fault> fault = cell_fault(column, cell(column, line))) return fault;
    return std::nullopt;
}

std::optional<Fault> CsvColumns::cell_fault(const CsvColumn& column, std::string_view cell) const {
    if (cell.find('\0') != std::string_view::npos)
        return make_fault(Code::invalid_payload, column.name, Reason::nul_byte);
    if (std::string_view const character = unreadable_character(cell); !character.empty())
        return with_text(character_fault(column.name, character), cell);
    if (column.name == "external_id")
        if (std::optional<Fault> fault = sum_fault(cell)) return with_text(*std::move(fault), cell);
    return std::nullopt;
}

std::optional<Warning> CsvColumns::warning(const CsvRecord& line, char delimiter) const {
    std::size_t const lines = swallowed_lines(line, delimiter, count_);
    if (lines == 0) return std::nullopt;
    return make_warning("SWALLOWED_LINES", "", Reason::swallowed_lines, {{"lines", lines}});
}

std::vector<Warning> CsvColumns::file_warnings() const {
    std::vector<Warning> warnings;
    for (const CsvIgnored& column : plan_.ignored) {
        bool const silent = options_.unknown_fields == UnknownFields::ignore && column.reason != Reason::unmapped_field;
        if (column.lines > 0 && !silent)
            warnings.push_back(make_warning(column.code, column.name, column.reason, {{"lines", column.lines}}));
    }
    if (options_.find_decimal && signs_.unclear() > 0 && signs_.decimal() != options_.number.decimal)
        warnings.push_back(number_sign_warning(signs_));
    return warnings;
}

Warning number_sign_warning(const NumberSigns& signs) {
    return make_warning("NUMBER_SIGN", "", Reason::number_sign,
                        {{"value", Json::string(signs.example())}, {"lines", signs.unclear()}});
}

}  // namespace eryxon::core
