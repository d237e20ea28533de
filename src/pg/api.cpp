// The calls of the engine, from payload to answer.
#include "pg/api.hpp"

#include "core/json_build.hpp"
#include "pg/answer.hpp"
#include "pg/clock.hpp"
#include "pg/history.hpp"
#include "pg/patterns.hpp"
#include "pg/tenant.hpp"

#include <chrono>

namespace eryxon::pg {

namespace {

// A call from its beginning to its answer.
class Session {
public:
    Session(Purpose purpose, std::span<const std::string_view> entities, const core::Json& options,
            core::JsonArena& arena)
        : registry_(locked_registry(entities)),
          options_(core::read_options(options)),
          bulk_{*registry_, options_, arena, tenant_id(), purpose},
          context_{registry_->schema, options_, arena, matches_pattern},
          started_at_(clock_now()),
          started_(std::chrono::steady_clock::now()) {}

    const core::Entity& entity(std::string_view name) const { return registry_->entity(name); }
    const Registry& state() const { return *registry_; }
    Bulk& bulk() { return bulk_; }

    void add(const core::Entity& entity, std::span<const core::Json> items) {
        BatchReader batch(bulk_, entity, context_);
        batch.expect(items.size());
        for (const core::Json& item : items)
            batch.add(item);
        batch.finish();
    }

    // The records of a bulk payload that is still text. Those of an array are read while it is parsed.
    void add(const core::Entity& entity, std::string_view payload) {
        context_.trees_stay = false;
        BatchReader batch(bulk_, entity, context_);
        auto const whole =
            core::parse_items(payload, bulk_.arena, [&batch](const core::Json& item) { batch.add(item); });
        if (whole)
            for (const core::Json& item : core::bulk_items(*whole, entity.name))
                batch.add(item);
        batch.finish();
    }

    // Runs what was added and writes the history; raises if the options want no errors.
    void run() {
        run_bulk(bulk_);
        refuse_errors();
        write_runs();
    }

    // Runs the one batch that was added; returns its answer.
    core::Json run_batch() {
        run();
        return bulk_result(bulk_.batches.front());
    }

    // Runs a single record: its faults are the call's.
    const Unit& run_single() {
        run_bulk(bulk_);
        const Unit& unit = bulk_.batches.front().units.front();
        if (unit.state == Unit::State::failed) throw core::CallError(faults_of(unit));
        write_runs();
        return unit;
    }

    // The answer for one batch.
    core::Json bulk_result(const Batch& batch) const {
        core::JsonObject answer(bulk_.arena, 10);
        core::add_counts(counts_of(batch), answer);
        answer.add("run_id", run_id(*batch.entity));
        answer.add("duration_ms", core::Json::number(bulk_.arena.copy(duration())));
        answer.add("results", results(batch));
        return answer.json();
    }

private:
    void write_runs() {
        if (options_.record_history && !options_.dry_run) runs_ = write_history(bulk_, started_at_);
    }

    core::Json run_id(const core::Entity& entity) const {
        auto const run = runs_.find(&entity);
        return run == runs_.end() ? core::Json::null() : core::make_uuid(run->second, bulk_.arena);
    }

    std::string duration() const {
        auto const elapsed = std::chrono::steady_clock::now() - started_;
        auto const us = std::chrono::duration_cast<std::chrono::microseconds>(elapsed).count();
        return std::to_string(us / 1000) + "." + std::to_string(us % 1000 / 100);
    }

    bool is_shown(const Unit& unit) const {
        if (options_.results == core::Results::none) return false;
        return options_.results == core::Results::all || action_of(unit.root()) == core::Action::error;
    }

    core::Json results(const Batch& batch) const {
        std::vector<core::Json> results;
        for (const Unit& unit : batch.units)
            if (is_shown(unit)) results.push_back(core::outcome_json(outcome_of(bulk_, unit), bulk_.arena));
        return bulk_.arena.array(results);
    }

    // on_error = abort and max_errors: nothing is kept, the first error speaks.
    void refuse_errors() const {
        std::int64_t errors = 0;
        const Unit* first = nullptr;
        for (const Batch& batch : bulk_.batches)
            for (const Unit& unit : batch.units)
                if (unit.state == Unit::State::failed && errors++ == 0) first = &unit;
        bool const aborts = options_.on_error == core::OnError::abort && errors > 0;
        bool const exceeds = options_.max_errors && errors > *options_.max_errors;
        if (!aborts && !exceeds) return;
        std::vector<core::Fault> faults = faults_of(*first);
        for (core::Fault& fault : faults)
            fault.path = "[" + std::to_string(first->index) + "]" + (fault.path.empty() ? "" : "." + fault.path);
        if (!aborts)
            faults.front().hint = std::to_string(errors) + " records are wrong, max_errors allows " +
                                  std::to_string(*options_.max_errors) + ". " + faults.front().hint;
        throw core::CallError(std::move(faults));
    }

    std::shared_ptr<const Registry> registry_;
    core::Options options_;
    Bulk bulk_;
    core::ReadContext context_;
    std::int64_t started_at_;
    std::chrono::steady_clock::time_point started_;
    std::map<const core::Entity*, core::Uuid> runs_;
};

core::Json single_result(const core::Outcome& outcome, const Unit& unit, core::JsonArena& arena) {
    const Node& root = unit.root();
    core::JsonObject answer(arena, 9);
    answer.add("action", core::action_name(outcome.action));
    answer.add("entity", core::make_string(root.entity().name, arena));
    if (outcome.id) answer.add("id", core::make_uuid(*outcome.id, arena));
    answer.add("external_id", outcome.external_id);
    answer.add("external_source", outcome.source);
    if (!root.record->hash.empty()) answer.add("sync_hash", core::make_string(root.record->hash.view(), arena));
    answer.add("synced_at", timestamp_json(root.synced_at, arena));
    if (!outcome.warnings.empty()) answer.add("warnings", core::warnings_json(outcome.warnings, arena));
    if (outcome.has_children) answer.add("children", core::children_json(outcome.children, arena));
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
void add_payload(Session& session, const core::Json& payload) {
    if (!payload.is_object())
        throw core::CallError(core::Code::invalid_payload, "the payload is not an object",
                              "Send {\"jobs\":[...],\"parts\":[...]}.");
    for (const core::JsonMember& member : payload.members()) {
        session.entity(member.name);
        if (!member.value.is_array())
            throw core::CallError(core::Fault{core::Code::invalid_payload,
                                              std::string(member.name),
                                              "\"" + std::string(member.name) + "\" is not an array",
                                              {}});
    }
    for (const core::Entity& entity : session.state().schema.entities)
        if (const core::Json* items = payload.find(entity.name)) session.add(entity, items->items());
}

core::Json sync_result(Session& session) {
    core::JsonArena& arena = session.bulk().arena;
    core::Counts total;
    core::JsonObject entities(arena, session.bulk().batches.size());
    for (const Batch& batch : session.bulk().batches) {
        total += counts_of(batch);
        entities.add(arena.copy(batch.entity->name), session.bulk_result(batch));
    }
    core::JsonObject answer(arena, 2);
    answer.add("summary", core::counts_json(total, arena));
    answer.add("entities", entities.json());
    return answer.json();
}

core::Json sync_or_diff(Purpose purpose, const core::Json& payload, const core::Json& options, core::JsonArena& arena) {
    Session session(purpose, sent_entities(payload), options, arena);
    add_payload(session, payload);
    session.run();
    return sync_result(session);
}

}  // namespace

Upserted upsert_one(std::string_view entity, const core::Json& payload, const core::Json& options,
                    core::JsonArena& arena) {
    Session session(Purpose::upsert, {&entity, 1}, options, arena);
    session.add(session.entity(entity), {&payload, 1});
    const Unit& unit = session.run_single();
    core::Outcome const outcome = outcome_of(session.bulk(), unit);
    return {single_result(outcome, unit, arena), outcome.action};
}

core::Json upsert_many(std::string_view entity, const core::Json& payload, const core::Json& options,
                       core::JsonArena& arena) {
    Session session(Purpose::upsert, {&entity, 1}, options, arena);
    session.add(session.entity(entity), core::bulk_items(payload, entity));
    return session.run_batch();
}

core::Json upsert_text(std::string_view entity, PlainText& payload, const core::Json& options, core::JsonArena& arena) {
    Session session(Purpose::upsert, {&entity, 1}, options, arena);
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
