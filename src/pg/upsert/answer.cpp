// Outcomes and totals of a call.
#include "pg/upsert/answer.hpp"

#include "core/json/json_build.hpp"

#include <algorithm>

namespace eryxon::pg {

namespace {

void append(std::vector<core::Warning>& all, const core::RareVector<core::Warning>& more) {
    all.insert(all.end(), more.begin(), more.end());
}

std::vector<core::Warning> warnings_of(const Unit& unit) {
    std::vector<core::Warning> warnings;
    if (!unit.known_source.empty())
        warnings.push_back({"SOURCE_CASE", "external_source",
                            "source \"" + unit.known_source + "\" is known and differs only in case"});
    for (const Node* node : unit.nodes) {
        append(warnings, node->record->warnings);
        append(warnings, node->warnings);
    }
    return warnings;
}

// Counts of a unit's children, by entity.
std::map<const core::Entity*, core::Counts> child_counts(const Bulk& bulk, const Unit& unit) {
    std::map<const core::Entity*, core::Counts> counts;
    for (const auto& [entity, removed] : unit.removed)
        counts[entity] = removed.counts;
    for (const Node* node : unit.nodes) {
        if (node->parent != nullptr) counts[&node->entity()].add(action_of(*node));
        if (node->record->operation == core::Operation::remove) continue;
        for (const auto& array : node->record->children)
            counts[bulk.registry.schema.find(array.children->entity)];
    }
    return counts;
}

// True if the record or one of its children sent an array of children.
bool has_children(const Unit& unit) {
    return std::any_of(unit.nodes.begin(), unit.nodes.end(), [](const Node* node) {
        return node->record->operation == core::Operation::upsert && !node->record->children.empty();
    });
}

void add_children(const Bulk& bulk, const Unit& unit, core::Outcome& outcome) {
    outcome.has_children = has_children(unit);
    std::map<int, std::pair<const core::Entity*, core::Counts>> ordered;
    for (const auto& [entity, counts] : child_counts(bulk, unit))
        ordered[entity->order] = {entity, counts};
    for (const auto& [order, entry] : ordered)
        outcome.children.emplace_back(entry.first->name, entry.second);
}

// Failed lines of a file that the history tells of; all of them are kept in eryxon.csv_rejected.
constexpr std::size_t most_csv_details = 100;

// What the history says of a failed record.
core::Json error_detail(const Batch& batch, const Unit& unit, core::JsonArena& arena) {
    core::Fault const first = faults_of(unit).front();
    std::string_view const external_id = unit.root().record->external_id;
    core::JsonObject detail(arena, 6);
    detail.add("index", core::make_number(batch.index_of(unit), arena));
    if (std::int64_t const line = batch.line_of(unit); line > 0) detail.add("line", core::make_number(line, arena));
    detail.add("external_id", external_id.empty() ? core::Json::null() : core::Json::string(external_id));
    detail.add("code", core::code_name(first.code));
    detail.add("message", core::make_string(first.message, arena));
    detail.add("path", core::make_string(first.path, arena));
    return detail.json();
}

void add_totals(const Bulk& bulk, const Batch& batch, const Unit& unit, Totals& totals) {
    EntityTotals& own = totals[&unit.root().entity()];
    own.counts.add(action_of(unit.root()));
    if (!unit.root().record->source.empty()) own.sources.add(unit.root().record->source);
    if (action_of(unit.root()) == core::Action::error) {
        if (bulk.purpose != Purpose::csv || own.error_details.size() < most_csv_details)
            own.error_details.push_back(error_detail(batch, unit, bulk.arena));
        return;
    }
    for (const Node* node : unit.nodes) {
        if (node->parent == nullptr) continue;
        totals[&node->entity()].counts.add(action_of(*node));
        totals[&node->entity()].sources.add(node->record->source);
    }
    for (const auto& [entity, removed] : unit.removed) {
        totals[entity].counts += removed.counts;
        for (std::string_view const source : removed.sources)
            totals[entity].removed_sources.add(source);
    }
}

}  // namespace

core::Action action_of(const Node& node) {
    if (node.unit->state == Unit::State::failed) return core::Action::error;
    if (node.came_back && node.plan != Plan::remove) return core::Action::restored;
    switch (node.plan) {
        case Plan::create:
            return core::Action::created;
        case Plan::update:
            return core::Action::updated;
        case Plan::restore:
            return core::Action::restored;
        case Plan::remove:
            return node.went_before ? core::Action::skipped : core::Action::deleted;
        default:
            return core::Action::skipped;
    }
}

std::vector<core::Fault> faults_of(const Unit& unit) {
    std::vector<core::Fault> faults;
    for (const Node* node : unit.nodes) {
        faults.insert(faults.end(), node->record->faults.begin(), node->record->faults.end());
        faults.insert(faults.end(), node->faults.begin(), node->faults.end());
    }
    return faults;
}

core::Outcome outcome_of(const Bulk& bulk, const Batch& batch, const Unit& unit) {
    const Node& root = unit.root();
    core::Outcome outcome;
    outcome.index = batch.index_of(unit);
    outcome.line = batch.line_of(unit);
    outcome.external_id = root.record->external_id;
    outcome.source = root.record->source;
    outcome.action = action_of(root);
    if (outcome.action == core::Action::error) {
        outcome.faults = faults_of(unit);
        return outcome;
    }
    bool const new_row = root.plan == Plan::create && bulk.dry();
    if (root.found || (root.plan == Plan::create && !new_row)) outcome.id = root.id;
    outcome.warnings = warnings_of(unit);
    add_children(bulk, unit, outcome);
    outcome.has_changes = bulk.shows_changes();
    outcome.changes.assign(unit.changes.begin(), unit.changes.end());
    return outcome;
}

core::Counts counts_of(const Batch& batch) {
    core::Counts counts;
    for (const Unit& unit : batch.units)
        counts.add(action_of(unit.root()));
    return counts;
}

Totals totals_of(const Bulk& bulk) {
    Totals totals;
    for (const Batch& batch : bulk.batches)
        for (const Unit& unit : batch.units)
            add_totals(bulk, batch, unit, totals);
    return totals;
}

}  // namespace eryxon::pg
