// Makes what the calls answer.
#include "core/result/result.hpp"

namespace eryxon::core {

namespace {

// The offending value of a fault or its params, which are JSON text; what is none stands as a string, for an error that
// is being reported must not end in another one.
Json shown(const std::string& value, JsonArena& arena) {
    try {
        return parse_json(value, arena);
    } catch (const CallError&) {
        return make_string(value, arena);
    }
}

Json detail_json(const Fault& fault, JsonArena& arena) {
    JsonObject detail(arena, 5);
    detail.add("path", make_string(fault.path, arena));
    detail.add("constraint", code_name(fault.code));
    detail.add("message", make_string(fault.message, arena));
    if (!fault.value.empty()) detail.add("value", shown(fault.value, arena));
    if (!fault.params.empty()) detail.add("params", shown(fault.params, arena));
    return detail.json();
}

Json warning_json(const Warning& warning, JsonArena& arena) {
    JsonObject object(arena, 4);
    object.add("code", warning.code);
    object.add("path", make_string(warning.path, arena));
    object.add("message", make_string(warning.message, arena));
    if (!warning.params.empty()) object.add("params", shown(warning.params, arena));
    return object.json();
}

Json change_json(const Change& change, JsonArena& arena) {
    JsonObject object(arena, 3);
    object.add("field", make_string(change.field, arena));
    object.add("old", change.old_value);
    object.add("new", change.new_value);
    return object.json();
}

// An array of what make(item, arena) makes of the items.
template <class Item, class Make>
Json array_of(const std::vector<Item>& items, JsonArena& arena, const Make& make) {
    std::vector<Json> made;
    made.reserve(items.size());
    for (const Item& item : items)
        made.push_back(make(item, arena));
    return arena.array(made);
}

Json child_json(const ChildOutcome& child, JsonArena& arena) {
    JsonObject object(arena, 6);
    object.add("path", make_string(child.path, arena));
    object.add("entity", make_string(child.entity, arena));
    object.add("external_id", make_string(child.external_id, arena));
    if (child.id) object.add("id", make_uuid(*child.id, arena));
    object.add("action", action_name(child.action));
    if (child.has_changes) object.add("changes", array_of(child.changes, arena, change_json));
    return object.json();
}

// Adds code, text, SQLSTATE and details; the first fault speaks for all.
void add_faults(const std::vector<Fault>& faults, JsonObject& object) {
    const Fault& first = faults.front();
    const std::string text = first.path.empty() ? first.message : first.path + ": " + first.message;
    const std::string_view state =
        first.sqlstate.empty() ? code_sqlstate(first.code) : std::string_view(first.sqlstate);
    object.add("code", code_name(first.code));
    object.add("error", make_string(text, object.arena()));
    object.add("sqlstate", make_string(state, object.arena()));
    object.add("details", details_json(faults, object.arena()));
}

}  // namespace

std::string_view action_name(Action action) {
    switch (action) {
        case Action::created:
            return "created";
        case Action::updated:
            return "updated";
        case Action::restored:
            return "restored";
        case Action::skipped:
            return "skipped";
        case Action::deleted:
            return "deleted";
        case Action::error:
            return "error";
    }
    return "";
}

void Counts::add(Action action) {
    ++total;
    switch (action) {
        case Action::created:
            ++created;
            break;
        case Action::updated:
            ++updated;
            break;
        case Action::restored:
            ++restored;
            break;
        case Action::skipped:
            ++skipped;
            break;
        case Action::deleted:
            ++deleted;
            break;
        case Action::error:
            ++errors;
            break;
    }
}

Counts& Counts::operator+=(const Counts& other) {
    total += other.total;
    created += other.created;
    updated += other.updated;
    restored += other.restored;
    skipped += other.skipped;
    deleted += other.deleted;
    errors += other.errors;
    return *this;
}

// Most records have these five members, whose characters live as long as the record.
Json outcome_json(const Outcome& outcome, JsonArena& arena) {
    JsonObject object(arena, 5);
    object.add("index", make_number(outcome.index, arena));
    if (outcome.line > 0) object.add("line", make_number(outcome.line, arena));
    if (!outcome.external_id.empty()) object.add("external_id", outcome.external_id);
    if (!outcome.source.empty()) object.add("external_source", outcome.source);
    if (outcome.id) object.add("id", make_uuid(*outcome.id, arena));
    object.add("action", action_name(outcome.action));
    if (outcome.action == Action::error && !outcome.faults.empty()) add_faults(outcome.faults, object);
    if (!outcome.warnings.empty()) object.add("warnings", warnings_json(outcome.warnings, arena));
    if (outcome.has_children) object.add("children", children_json(outcome.children, arena));
    if (outcome.has_child_results) object.add("child_results", child_results_json(outcome.child_results, arena));
    if (outcome.has_changes) object.add("changes", array_of(outcome.changes, arena, change_json));
    return object.json();
}

Json details_json(const std::vector<Fault>& faults, JsonArena& arena) {
    return array_of(faults, arena, detail_json);
}

std::string details_text(const std::vector<Fault>& faults) {
    JsonArena arena;
    return json_text(details_json(faults, arena));
}

Json warnings_json(const std::vector<Warning>& warnings, JsonArena& arena) {
    return array_of(warnings, arena, warning_json);
}

Json child_results_json(const std::vector<ChildOutcome>& children, JsonArena& arena) {
    return array_of(children, arena, child_json);
}

Json children_json(const std::vector<std::pair<std::string_view, Counts>>& children, JsonArena& arena) {
    JsonObject object(arena, children.size());
    for (const auto& [entity, counts] : children)
        object.add(arena.copy(entity), counts_json(counts, arena));
    return object.json();
}

Json counts_json(const Counts& counts, JsonArena& arena) {
    JsonObject object(arena, 7);
    add_counts(counts, object);
    return object.json();
}

void add_counts(const Counts& counts, JsonObject& object) {
    const auto add = [&object](std::string_view name, std::int64_t number) {
        object.add(name, make_number(number, object.arena()));
    };
    add("total", counts.total);
    add("created", counts.created);
    add("updated", counts.updated);
    add("restored", counts.restored);
    add("skipped", counts.skipped);
    add("deleted", counts.deleted);
    add("errors", counts.errors);
}

}  // namespace eryxon::core
