// What the columns of a CSV file are for, and the records that its lines make.
#include "core/csv/csv_columns.hpp"

#include "core/csv/csv_formula.hpp"
#include "core/json/fault_reason.hpp"
#include "core/json/json_build.hpp"

#include <algorithm>
#include <map>

namespace eryxon::core {

namespace {

// A heading without what does not count: case, blanks, "_" and "-".
std::string plain_heading(std::string_view heading) {
    std::string plain;
    for (char const c : heading)
        if (c != ' ' && c != '_' && c != '-') plain += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return plain;
}

const std::pair<std::string, std::optional<std::string>>* find_mapping(const CsvOptions& options,
                                                                       std::string_view heading) {
    auto const found = std::find_if(options.mapping.begin(), options.mapping.end(),
                                    [&](const auto& entry) { return entry.first == heading; });
    return found == options.mapping.end() ? nullptr : &*found;
}

// The member that a column is for. What is no field keeps its name: the engine says what it thinks of it.
std::string member_of(const Entity& entity, std::string_view heading, const CsvOptions& options) {
    if (is_rejected_column(heading)) return {};
    if (const auto* mapped = find_mapping(options, heading)) return mapped->second.value_or("");
    std::string_view const name = match_heading(entity, heading);
    if (!name.empty() || !options.header) return std::string(name);
    return std::string(heading);
}

// The field of that name or alias; null if it is none. A form of a reference is one only if that is asked for.
const Field* find_field(const Entity& entity, std::string_view name, bool or_form = false) {
    int const number = entity.names.find(name);
    if (number < 0) return nullptr;
    Role const role = entity.names[number].role;
    if (role != Role::field && (role != Role::reference_form || !or_form)) return nullptr;
    return &entity.fields[static_cast<std::size_t>(entity.names[number].index)];
}

[[noreturn]] void refuse(Reason reason, FaultParams params, std::string hint) {
    throw CallError(make_fault(Code::invalid_option, "mapping", reason, params, std::move(hint)));
}

void check_mapping(std::span<const std::string_view> headings, const CsvOptions& options) {
    for (const auto& [heading, field] : options.mapping)
        if (std::find(headings.begin(), headings.end(), heading) == headings.end())
            refuse(Reason::unknown_column, {{"column", heading}},
                   "The mapping names columns as the header row does, without one by their numbers.");
}

// The columns are in the order of the file.
void check_members(const Entity& entity, const std::vector<CsvColumn>& columns,
                   std::span<const std::string_view> headings) {
    std::map<std::string_view, std::size_t> places;
    for (const CsvColumn& column : columns) {
        std::string_view const name = own_name(entity, column.name);
        auto const [first, added] = places.emplace(name, column.place);
        if (added) continue;
        std::string_view const one = headings[first->second], other = headings[column.place];
        refuse(
            Reason::same_field, {{"column", one}, {"other", other}, {"field", name}},
            std::string(one == other ? "Rename one of them in the file." : "Leave one of them out: map it to null.") +
                " Give header = false if the first line holds data.");
    }
}

void check_any_field(const Entity& entity, const std::vector<CsvColumn>& columns) {
    if (std::any_of(columns.begin(), columns.end(),
                    [&](const CsvColumn& column) { return entity.names.find(column.name) >= 0; }))
        return;
    refuse(Reason::no_field, {{"entities", entity.name}},
           "Give the delimiter, a mapping, or header = false if the first line holds data.");
}

// The fault with the text that caused it.
Fault with_text(Fault fault, std::string_view text) {
    fault.value = text;
    return fault;
}

}  // namespace

std::string_view match_heading(const Entity& entity, std::string_view heading) {
    std::string const wanted = plain_heading(heading);
    if (wanted.empty() || heading.starts_with('_')) return {};
    for (int number = 0; number < entity.names.size(); number++) {
        const MemberName& name = entity.names[number];
        if (name.role == Role::read_only || name.role == Role::children || name.role == Role::operation) continue;
        if (plain_heading(name.text) == wanted) return name.text;
    }
    return {};
}

std::string_view own_name(const Entity& entity, std::string_view name) {
    const Field* field = find_field(entity, name);
    return field != nullptr ? field->name : name;
}

ValueKind kind_of(const Entity& entity, std::string_view name) {
    const Field* field = find_field(entity, name);
    return field != nullptr && field->mapped() ? entity.columns[static_cast<std::size_t>(field->column)].kind
                                               : ValueKind::text;
}

CsvColumns::CsvColumns(const Entity& entity, std::span<const std::string_view> written, const CsvOptions& options)
    : options_(options), count_(written.size()), corrected_(is_rejected_header(written)) {
    std::vector<std::string_view> headings(written.begin(), written.end());
    for (std::string_view& heading : headings)
        heading = unquoted(heading);
    check_mapping(headings, options);
    for (std::size_t place = 0; place < headings.size(); place++) {
        std::string name = member_of(entity, headings[place], options);
        if (!name.empty()) columns_.push_back({name, find_field(entity, name, true), place});
    }
    check_members(entity, columns_, headings);
    std::sort(columns_.begin(), columns_.end(),
              [](const CsvColumn& a, const CsvColumn& b) { return canonical_less(a.name, b.name); });
    check_any_field(entity, columns_);
    if (!options.external_source || std::any_of(columns_.begin(), columns_.end(), [](const CsvColumn& column) {
            return column.name == "external_source";
        }))
        return;
    CsvColumn const source{"external_source", nullptr, count_};
    columns_.insert(
        std::upper_bound(columns_.begin(), columns_.end(), source,
                         [](const CsvColumn& a, const CsvColumn& b) { return canonical_less(a.name, b.name); }),
        source);
}

std::string_view CsvColumns::unquoted(std::string_view cell) const {
    return corrected_ ? without_apostrophe(cell) : cell;
}

// An alias of the field comes before the file's own word for null. What is empty is no value, unless one of the two is.
std::optional<Json> CsvColumns::value(const CsvColumn& column, const CsvRecord& line, JsonArena& arena) const {
    bool const there = column.place < line.cells.size();
    std::string_view cell = there ? unquoted(line.cells[column.place]) : std::string_view();
    if (cell.empty() && options_.external_source && column.name == "external_source") cell = *options_.external_source;
    if (cell.empty() && !there) return std::nullopt;
    if (column.field != nullptr && column.field->value_aliases.contains(cell)) return make_string(cell, arena);
    if (cell == options_.null_token) return Json::null();
    return cell.empty() ? std::nullopt : std::optional(make_string(cell, arena));
}

Json CsvColumns::record(const CsvRecord& line, JsonArena& arena) {
    members_.clear();
    for (const CsvColumn& column : columns_)
        if (std::optional<Json> const value = this->value(column, line, arena))
            members_.push_back({column.name, *value});
    return Json::object(members_);
}

std::optional<Fault> CsvColumns::fault(const CsvRecord& line) const {
    if (line.malformed)
        return with_text(make_fault(Code::invalid_payload, "", Reason::malformed_line, {},
                                    "Put quotes around the whole cell, and double those that belong to it."),
                         line.text.substr(0, 100));
    for (std::size_t i = count_; i < line.cells.size(); i++)
        if (!line.cells[i].empty())
            return with_text(make_fault(Code::invalid_payload, "", Reason::extra_cells,
                                        {{"cells", line.cells.size()}, {"limit", count_}},
                                        "Put quotes around cells that have the delimiter in them."),
                             line.cells[i]);
    for (const CsvColumn& column : columns_)
        if (column.place < line.cells.size() && line.cells[column.place].find('\0') != std::string_view::npos)
            return make_fault(Code::invalid_payload, column.name, Reason::nul_byte);
    return std::nullopt;
}

}  // namespace eryxon::core
