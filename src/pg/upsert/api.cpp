// The calls of the engine, from payload to answer.
#include "pg/upsert/api.hpp"

#include "core/json/json_build.hpp"
#include "pg/registry/patterns.hpp"
#include "pg/server/clock.hpp"
#include "pg/upsert/answer.hpp"
#include "pg/upsert/upsert_session.hpp"

namespace eryxon::pg {

namespace {

core::Json single_result(const core::Outcome& outcome, const RecordTree& tree, core::JsonArena& arena) {
    const Item& root = tree.root();
    core::JsonObject answer(arena, 10);
    answer.add("action", core::action_name(outcome.action));
    answer.add("entity", core::make_string(root.entity().name, arena));
    if (outcome.id) answer.add("id", core::make_uuid(*outcome.id, arena));
    answer.add("external_id", outcome.external_id);
    answer.add("external_source", outcome.source);
    if (!root.record->hash.empty()) answer.add("sync_hash", core::make_string(root.record->hash.view(), arena));
    answer.add("synced_at", timestamp_json(root.synced_at, arena));
    if (!outcome.warnings.empty()) answer.add("warnings", core::warnings_json(outcome.warnings, arena));
    if (outcome.has_children) answer.add("children", core::children_json(outcome.children, arena));
    if (outcome.has_child_results) answer.add("child_results", core::child_results_json(outcome.child_results, arena));
    return answer.json();
}

// The names under which a sync payload carries records.
std::vector<std::string_view> sent_entities(const core::Json& payload) {
    std::vector<std::string_view> names;
    if (payload.is_object())
        for (const core::JsonMember& member : payload.members())
            names.push_back(member.name);
    return names;
}

// The batches of a sync payload, in dependency order.
void add_payload(UpsertSession& session, const core::Json& payload) {
    if (!payload.is_object())
        throw core::CallError(core::Code::invalid_payload, "the payload is not an object",
                              "Send {\"jobs\":[...],\"parts\":[...]}.");
    for (const core::JsonMember& member : payload.members()) {
        session.entity(member.name);
        if (member.value.displaces_records()) throw core::CallError(core::records_twice(member.name));
        if (!member.value.is_array())
            throw core::CallError(core::Fault{core::Code::invalid_payload,
                                              std::string(member.name),
                                              "\"" + std::string(member.name) + "\" is not an array",
                                              {}});
    }
    for (const core::Entity& entity : session.state().schema.entities)
        if (const core::Json* items = payload.find(entity.name)) session.add(entity, items->items());
}

core::Json sync_result(UpsertSession& session) {
    core::JsonArena& arena = session.upsert().arena;
    core::Counts total;
    core::JsonObject entities(arena, session.upsert().batches.size());
    for (const Batch& batch : session.upsert().batches) {
        total += counts_of(batch);
        entities.add(arena.copy(batch.entity->name), session.bulk_result(batch));
    }
    core::JsonObject answer(arena, 2);
    answer.add("summary", core::counts_json(total, arena));
    answer.add("entities", entities.json());
    return answer.json();
}

core::Json sync_or_diff(Purpose purpose, const core::Json& payload, const core::Json& options, core::JsonArena& arena) {
    UpsertSession session(purpose, sent_entities(payload), options, arena);
    add_payload(session, payload);
    session.run();
    return sync_result(session);
}

}  // namespace

Upserted upsert_one(std::string_view entity, const core::Json& payload, const core::Json& options,
                    core::JsonArena& arena, SingleFaults refusal) {
    UpsertSession session(Purpose::upsert, {&entity, 1}, options, arena);
    session.add(session.entity(entity), {&payload, 1});
    const RecordTree& tree = session.run_single(refusal);
    if (tree.state == RecordTree::State::failed) return {.refusal = core::CallError(faults_of(tree))};
    core::Outcome const outcome = outcome_of(session.upsert(), session.upsert().batches.front(), tree);
    return {.answer = single_result(outcome, tree, arena), .action = outcome.action};
}

core::Json upsert_many(std::string_view entity, const core::Json& payload, const core::Json& options,
                       core::JsonArena& arena) {
    UpsertSession session(Purpose::upsert, {&entity, 1}, options, arena);
    session.add(session.entity(entity), core::bulk_items(payload, entity));
    return session.run_batch();
}

core::Json upsert_text(std::string_view entity, PlainText& payload, const core::Json& options, core::JsonArena& arena) {
    UpsertSession session(Purpose::upsert, {&entity, 1}, options, arena);
    session.add(session.entity(entity), payload.view());
    payload.release();
    return session.run_batch();
}

core::Json sync_all(const core::Json& payload, const core::Json& options, core::JsonArena& arena) {
    return sync_or_diff(Purpose::sync, payload, options, arena);
}

core::Json diff_all(const core::Json& payload, const core::Json& options, core::JsonArena& arena) {
    return sync_or_diff(Purpose::diff, payload, options, arena);
}

std::string record_hash(std::string_view entity, const core::Json& payload, core::JsonArena& arena) {
    std::shared_ptr<const Registry> const state = registry();
    core::Options const options;
    core::Record record =
        core::read_record(state->entity(entity), payload, {state->schema, options, arena, matches_pattern});
    if (!record.faults.empty()) throw core::CallError(std::move(record.faults.items()));
    return std::string(record.hash.view());
}

}  // namespace eryxon::pg
