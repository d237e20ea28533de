// Which members of a record the columns of a CSV file make.
#include "core/csv/csv_mapping.hpp"

#include "core/csv/csv_heading.hpp"
#include "core/csv/csv_rejected.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace eryxon::core {

namespace {

[[noreturn]] void refuse(Reason reason, FaultParams params, std::string hint) {
    throw CallError(make_fault(Code::invalid_option, "mapping", reason, params, std::move(hint)));
}

const CsvMapped* find_mapped(const CsvOptions& options, std::string_view heading) {
    auto const found = std::find_if(options.mapping.begin(), options.mapping.end(),
                                    [&](const CsvMapped& entry) { return entry.column == heading; });
    return found == options.mapping.end() ? nullptr : &*found;
}

// Adds what synonyms mean to columns that mean nothing else. The first one takes the field; what means nothing at all
// keeps its heading.
void add_synonyms(const Entity& entity, std::span<const std::string_view> headings, std::set<std::string_view>& taken,
                  const CsvOptions& options, std::vector<std::vector<std::string>>& members) {
    for (std::size_t place = 0; place < headings.size(); place++) {
        if (!members[place].empty() || find_mapped(options, headings[place]) || is_rejected_column(headings[place]))
            continue;
        std::string_view const name = match_synonym(entity, headings[place]);
        bool const free = !name.empty() && taken.insert(own_name(entity, name)).second;
        if (free)
            members[place] = {std::string(name)};
        else if (options.header && !headings[place].empty())
            members[place] = {std::string(headings[place])};
    }
}

void check_column(std::span<const std::string_view> headings, std::string_view column) {
    if (std::find(headings.begin(), headings.end(), column) == headings.end())
        refuse(Reason::unknown_column, {{"column", column}},
               "The mapping names columns as the header row does, without one by their numbers.");
}

// Columns that are mapped or joined have to be there.
void check_mapping(std::span<const std::string_view> headings, const CsvOptions& options) {
    for (const CsvMapped& mapped : options.mapping)
        check_column(headings, mapped.column);
    for (const CsvMade& made : options.made)
        for (const CsvPiece& piece : made.pieces)
            if (piece.is_column) check_column(headings, piece.text);
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
        refuse(Reason::same_field, {{"column", one}, {"other", other}, {"field", name}},
               std::string(one == other ? "Rename one of them in the file, or leave both out: map the name to null."
                                        : "Leave one of them out: map it to null.") +
                   " Give header = false if the first line holds data.");
    }
}

// True if unknown members go into the value of "metadata".
bool keeps_unknown(const Entity& entity, const CsvOptions& options) {
    return options.unknown_fields == UnknownFields::metadata && entity.names.find("metadata") >= 0 &&
           kind_of(entity, "metadata") == ValueKind::json;
}

// What is said once of a column that no record takes; nothing if its cells are for the engine.
std::optional<CsvIgnored> ignored_column(const Entity& entity, const std::string& name, std::size_t place,
                                         const CsvOptions& options) {
    int const number = entity.names.find(name);
    if (number < 0) {
        bool const kept = !name.starts_with('_') && keeps_unknown(entity, options);
        if (kept || options.unknown_fields == UnknownFields::error) return std::nullopt;
        return CsvIgnored{name, place, "UNKNOWN_FIELD", Reason::unknown_field};
    }
    const MemberName& known = entity.names[number];
    bool const of_field = known.role == Role::field || known.role == Role::reference_form;
    if (of_field && !entity.fields[static_cast<std::size_t>(known.index)].mapped())
        return CsvIgnored{name, place, "UNMAPPED_FIELD", Reason::unmapped_field};
    if (options.unknown_fields == UnknownFields::error) return std::nullopt;
    if (known.role == Role::read_only) return CsvIgnored{name, place, "READ_ONLY", Reason::read_only};
    if (known.role == Role::children) return CsvIgnored{name, place, "UNKNOWN_FIELD", Reason::unknown_field};
    return std::nullopt;
}

std::size_t place_of(std::span<const std::string_view> headings, std::string_view column) {
    return static_cast<std::size_t>(std::find(headings.begin(), headings.end(), column) - headings.begin());
}

// The member that the mapping makes of several cells, or of none.
CsvColumn made_column(const Entity& entity, std::span<const std::string_view> headings, const CsvMade& made) {
    CsvColumn column{
        made.field, field_of(entity, made.field), kind_of(entity, made.field), headings.size(), made.pieces, {}};
    for (const CsvPiece& piece : made.pieces)
        if (piece.is_column) column.places.push_back(place_of(headings, piece.text));
    return column;
}

// True for a column that a template reads.
bool is_joined(const CsvOptions& options, std::string_view heading) {
    return std::any_of(options.made.begin(), options.made.end(), [&](const CsvMade& made) {
        return std::any_of(made.pieces.begin(), made.pieces.end(),
                           [&](const CsvPiece& piece) { return piece.is_column && piece.text == heading; });
    });
}

void check_any_field(const Entity& entity, const CsvPlan& plan) {
    auto const is_field = [&](const auto& column) { return entity.names.find(column.name) >= 0; };
    if (std::any_of(plan.columns.begin(), plan.columns.end(), is_field) ||
        std::any_of(plan.ignored.begin(), plan.ignored.end(), is_field))
        return;
    refuse(
        Reason::no_field, {{"entities", entity.name}},
        "Give the delimiter, a mapping, header_line if titles stand above the header, or header = false if the first "
        "line holds data.");
}

// The source of lines without one.
void add_source(std::size_t place, std::vector<CsvColumn>& columns) {
    if (std::any_of(columns.begin(), columns.end(),
                    [](const CsvColumn& column) { return column.name == "external_source"; }))
        return;
    columns.push_back({"external_source", nullptr, ValueKind::text, place});
}

}  // namespace

std::vector<std::vector<std::string>> meant_members(const Entity& entity, std::span<const std::string_view> headings,
                                                    const CsvOptions& options) {
    std::vector<std::vector<std::string>> members(headings.size());
    std::set<std::string_view> taken;
    for (const CsvMade& made : options.made)
        taken.insert(own_name(entity, made.field));
    for (std::size_t place = 0; place < headings.size(); place++) {
        if (is_rejected_column(headings[place])) continue;
        if (const CsvMapped* mapped = find_mapped(options, headings[place]))
            members[place] = mapped->fields;
        else if (options.only_mapped)
            continue;
        else if (std::string_view const name = match_heading(entity, headings[place]);
                 !name.empty() && !taken.contains(own_name(entity, name)))
            members[place] = {std::string(name)};
    }
    for (const auto& names : members)
        for (const std::string& name : names)
            taken.insert(own_name(entity, name));
    if (!options.only_mapped) add_synonyms(entity, headings, taken, options, members);
    return members;
}

CsvPlan plan_columns(const Entity& entity, std::span<const std::string_view> headings, const CsvOptions& options) {
    check_mapping(headings, options);
    auto const members = meant_members(entity, headings, options);
    CsvPlan plan;
    for (std::size_t place = 0; place < headings.size(); place++)
        for (const std::string& name : members[place]) {
            auto ignored = ignored_column(entity, name, place, options);
            if (!ignored)
                plan.columns.push_back({name, field_of(entity, name), kind_of(entity, name), place});
            else if (!is_joined(options, headings[place]))
                plan.ignored.push_back(*std::move(ignored));
        }
    check_members(entity, plan.columns, headings);
    for (const CsvMade& made : options.made)
        plan.columns.push_back(made_column(entity, headings, made));
    check_any_field(entity, plan);
    if (options.external_source) add_source(headings.size(), plan.columns);
    std::sort(plan.columns.begin(), plan.columns.end(),
              [](const CsvColumn& a, const CsvColumn& b) { return canonical_less(a.name, b.name); });
    return plan;
}

}  // namespace eryxon::core
