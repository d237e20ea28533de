// Outcomes and totals of a call.
#include "pg/upsert/answer.hpp"

#include "core/json/json_build.hpp"

#include <algorithm>

namespace eryxon::pg {

namespace {

void append(std::vector<core::Warning>& all, const core::LazyVector<core::Warning>& more) {
    all.insert(all.end(), more.begin(), more.end());
}

std::vector<core::Warning> warnings_of(const RecordTree& tree) {
    std::vector<core::Warning> warnings;
    if (!tree.known_source.empty())
        warnings.push_back(core::make_warning("SOURCE_CASE", "external_source", core::Reason::source_case,
                                              {{"source", tree.known_source}}));
    for (const Item* item : tree.items) {
        append(warnings, item->record->warnings);
        append(warnings, item->warnings);
    }
    return warnings;
}

// Counts of a tree's children, by entity.
std::map<const core::Entity*, core::Counts> child_counts(const UpsertCall& upsert, const RecordTree& tree) {
    std::map<const core::Entity*, core::Counts> counts;
    for (const auto& [entity, removed] : tree.removed)
        counts[entity] = removed.counts;
    for (const Item* item : tree.items) {
        if (item->parent != nullptr) counts[&item->entity()].add(action_of(*item));
        if (item->record->operation == core::Operation::remove) continue;
        for (const auto& array : item->record->children)
            counts[upsert.registry.schema.find(array.children->entity)];
    }
    return counts;
}

// True if the record or one of its children sent an array of children.
bool has_children(const RecordTree& tree) {
    return std::any_of(tree.items.begin(), tree.items.end(), [](const Item* item) {
        return item->record->operation == core::Operation::upsert && !item->record->children.empty();
    });
}

void add_children(const UpsertCall& upsert, const RecordTree& tree, core::Outcome& outcome) {
    outcome.has_children = has_children(tree);
    std::map<int, std::pair<const core::Entity*, core::Counts>> ordered;
    for (const auto& [entity, counts] : child_counts(upsert, tree))
        ordered[entity->order] = {entity, counts};
    for (const auto& [order, entry] : ordered)
        outcome.children.emplace_back(entry.first->name, entry.second);
}

// The row that the record stands for; none if a dry run would have made it, or there was nothing to delete.
std::optional<core::Uuid> row_of(const UpsertCall& upsert, const Item& item) {
    bool const made = item.plan == Plan::create && !upsert.dry();
    return item.found || made ? std::optional(item.id) : std::nullopt;
}

// The changes of the tree's records, which stand in the order of these.
class Changes {
public:
    explicit Changes(const RecordTree& tree) : next_(tree.changes.begin()), end_(tree.changes.end()) {}

    std::vector<core::Change> take(const Item& item) {
        std::vector<core::Change> changes;
        for (; next_ != end_ && next_->item == &item; ++next_)
            changes.push_back(next_->change);
        return changes;
    }

private:
    const ItemChange* next_;
    const ItemChange* end_;
};

core::ChildOutcome child_outcome(const UpsertCall& upsert, const Item& item, Changes& changes) {
    core::ChildOutcome child;
    child.path = item.record->path.substr(0, item.record->path.size() - 1);
    child.entity = item.entity().name;
    child.external_id = item.record->external_id;
    child.id = row_of(upsert, item);
    child.action = action_of(item);
    child.has_changes = upsert.shows_changes();
    child.changes = changes.take(item);
    return child;
}

// The records below the top-level one, then the rows that arrays left out.
void add_child_results(const UpsertCall& upsert, const RecordTree& tree, Changes& changes, core::Outcome& outcome) {
    outcome.has_child_results = true;
    for (const Item* item : tree.items)
        if (item->parent != nullptr) outcome.child_results.push_back(child_outcome(upsert, *item, changes));
    for (const auto& [entity, removed] : tree.removed)
        for (const RemovedChild& row : removed.rows)
            outcome.child_results.push_back(
                {row.path, entity->name, row.external_id, row.id, core::Action::deleted, upsert.shows_changes(), {}});
}

// Failed lines of a file that the history tells of; all of them are kept in eryxon.csv_rejected.
constexpr std::size_t most_file_details = 100;

// What the history says of a failed record.
core::Json error_detail(const Batch& batch, const RecordTree& tree, core::JsonArena& arena) {
    core::Fault const first = faults_of(tree).front();
    std::string_view const external_id = tree.root().record->external_id;
    core::JsonObject detail(arena, 7);
    detail.add("index", core::make_number(batch.index_of(tree), arena));
    if (std::int64_t const line = batch.line_of(tree); line > 0) detail.add("line", core::make_number(line, arena));
    detail.add("external_id", external_id.empty() ? core::Json::null() : core::Json::string(external_id));
    detail.add("code", core::code_name(first.code));
    detail.add("message", core::make_string(first.message, arena));
    detail.add("path", core::make_string(first.path, arena));
    if (!first.params.empty()) detail.add("params", core::parse_json(arena.copy(first.params), arena));
    return detail.json();
}

void add_totals(const UpsertCall& upsert, const Batch& batch, const RecordTree& tree, Totals& totals) {
    EntityTotals& own = totals[&tree.root().entity()];
    own.counts.add(action_of(tree.root()));
    if (!tree.root().record->source.empty()) own.sources.add(tree.root().record->source);
    if (has_warnings(tree.root()) || !tree.known_source.empty()) own.warnings++;
    if (action_of(tree.root()) == core::Action::error) {
        if (!upsert.is_of_file() || own.error_details.size() < most_file_details)
            own.error_details.push_back(error_detail(batch, tree, upsert.arena));
        return;
    }
    for (const Item* item : tree.items) {
        if (item->parent == nullptr) continue;
        EntityTotals& below = totals[&item->entity()];
        below.counts.add(action_of(*item));
        below.sources.add(item->record->source);
        if (has_warnings(*item)) below.warnings++;
    }
    for (const auto& [entity, removed] : tree.removed) {
        totals[entity].counts += removed.counts;
        for (std::string_view const source : removed.sources)
            totals[entity].removed_sources.add(source);
    }
}

}  // namespace

bool has_warnings(const Item& item) {
    return !item.record->warnings.empty() || !item.warnings.empty();
}

bool has_warnings(const RecordTree& tree) {
    auto const warns = [](const Item* item) { return has_warnings(*item); };
    return !tree.known_source.empty() || std::any_of(tree.items.begin(), tree.items.end(), warns);
}

core::Action action_of(const Item& item) {
    if (item.tree->state == RecordTree::State::failed) return core::Action::error;
    if (item.revived && item.plan != Plan::remove) return core::Action::restored;
    switch (item.plan) {
        case Plan::create:
            return core::Action::created;
        case Plan::update:
            return core::Action::updated;
        case Plan::restore:
            return core::Action::restored;
        case Plan::remove:
            return item.deleted_by_cascade ? core::Action::skipped : core::Action::deleted;
        default:
            return core::Action::skipped;
    }
}

std::vector<core::Fault> faults_of(const RecordTree& tree) {
    std::vector<core::Fault> faults;
    for (const Item* item : tree.items) {
        faults.insert(faults.end(), item->record->faults.begin(), item->record->faults.end());
        faults.insert(faults.end(), item->faults.begin(), item->faults.end());
    }
    return faults;
}

core::Outcome outcome_of(const UpsertCall& upsert, const Batch& batch, const RecordTree& tree) {
    const Item& root = tree.root();
    core::Outcome outcome;
    outcome.index = batch.index_of(tree);
    outcome.line = batch.line_of(tree);
    outcome.external_id = root.record->external_id;
    outcome.source = root.record->source;
    outcome.action = action_of(root);
    if (outcome.action == core::Action::error) {
        outcome.faults = faults_of(tree);
        return outcome;
    }
    outcome.id = row_of(upsert, root);
    outcome.warnings = warnings_of(tree);
    add_children(upsert, tree, outcome);
    outcome.has_changes = upsert.shows_changes();
    Changes changes(tree);
    outcome.changes = changes.take(root);
    if (outcome.has_children && upsert.lists_children()) add_child_results(upsert, tree, changes, outcome);
    return outcome;
}

core::Counts counts_of(const Batch& batch) {
    core::Counts counts;
    for (const RecordTree& tree : batch.trees)
        counts.add(action_of(tree.root()));
    return counts;
}

Totals totals_of(const UpsertCall& upsert) {
    Totals totals;
    for (const Batch& batch : upsert.batches)
        for (const RecordTree& tree : batch.trees)
            add_totals(upsert, batch, tree, totals);
    return totals;
}

}  // namespace eryxon::pg
