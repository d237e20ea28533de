// Writing the history.
#include "pg/upsert/history.hpp"

#include "core/base/sql_text.hpp"
#include "core/json/json_build.hpp"
#include "pg/events/capture.hpp"
#include "pg/events/event_outbox.hpp"
#include "pg/registry/tenant.hpp"
#include "pg/server/jsonb.hpp"
#include "pg/server/security_context.hpp"
#include "pg/server/spi.hpp"

extern "C" {
#include "utils/timestamp.h"
}

namespace eryxon::pg {

namespace {

std::string_view operation_name(Purpose purpose) {
    switch (purpose) {
        case Purpose::diff:
            return "diff";
        case Purpose::sync:
            return "sync";
        case Purpose::csv:
            return "csv";
        default:
            return "upsert";
    }
}

// Of a run that further calls add to: what it has come to is said when it ends.
constexpr std::string_view unfinished = "partial";

std::string_view status_name(const core::Counts& counts) {
    if (counts.errors == 0) return "completed";
    return counts.errors == counts.total ? "failed" : "partial";
}

Param text_or_null(std::string_view text, bool present) {
    return present ? Param::text(text) : Param::none(TEXTOID);
}

std::vector<Param> row_params(const UpsertCall& upsert, const core::Entity& entity, const EntityTotals& totals,
                              const core::Uuid& id, const std::optional<core::Uuid>& user, std::int64_t started_at) {
    const core::Counts& counts = totals.counts;
    const Sources& sources = totals.sources.none() ? totals.removed_sources : totals.sources;
    return {Param::uuid(id),
            Param::uuid(upsert.tenant),
            Param::text(entity.name),
            Param::text(operation_name(upsert.purpose)),
            text_or_null(sources.one(), sources.is_one()),
            Param::text(upsert.run == id ? unfinished : status_name(counts)),
            Param::integer(counts.total),
            Param::integer(counts.created),
            Param::integer(counts.updated),
            Param::integer(counts.restored),
            Param::integer(counts.skipped),
            Param::integer(counts.deleted),
            Param::integer(counts.errors),
            Param{JSONBOID, make_jsonb(upsert.arena.array(totals.error_details))},
            text_or_null(upsert.options.client_ref.value_or(""), upsert.options.client_ref.has_value()),
            Param::integer(totals.warnings),
            user ? Param::uuid(*user) : Param::none(UUIDOID),
            Param{TIMESTAMPTZOID, TimestampTzGetDatum(started_at)}};
}

const char* const insert_run = R"(
    INSERT INTO eryxon.sync_run AS r (id, tenant_id, entity, operation, source, status, total, created, updated, restored,
        skipped, deleted, errors, error_details, client_ref, warnings, created_by, started_at, finished_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
            pg_catalog.clock_timestamp()))";

// A part of an import adds to the row that the parts before it have made. Where all records failed they may have told
// no source; then the others' counts.
const char* const add_to_run = R"( ON CONFLICT (id) DO UPDATE SET
    source = CASE WHEN r.source == excluded.source THEN r.source
                  WHEN excluded.source IS NULL AND excluded.errors == excluded.total THEN r.source
                  WHEN r.source IS NULL AND r.errors == r.total THEN excluded.source END,
    total = r.total + excluded.total,
    created = r.created + excluded.created,
    updated = r.updated + excluded.updated,
    restored = r.restored + excluded.restored,
    skipped = r.skipped + excluded.skipped,
    deleted = r.deleted + excluded.deleted,
    errors = r.errors + excluded.errors,
    warnings = r.warnings + excluded.warnings,
    error_details = CASE WHEN pg_catalog.jsonb_array_length(r.error_details) >= 100 THEN r.error_details
                         ELSE r.error_details || excluded.error_details END,
    finished_at = excluded.finished_at
    WHERE r.tenant_id == excluded.tenant_id AND r.entity == excluded.entity)";

// What a run did, as changes of its counts.
Datum run_changes(const core::Counts& counts, core::JsonArena& arena) {
    core::JsonObject named(arena, 8), changes(arena, 8);
    core::add_counts(counts, named);
    for (const core::JsonMember& count : named.json().members()) {
        core::Json const values[] = {core::Json::null(), count.value};
        changes.add(count.name, arena.array(values));
    }
    return make_jsonb(changes.json());
}

// Adds the event sync.completed, whose row is the run. A run that did nothing is not worth a message to anybody.
void tell(Outbox& outbox, const core::Uuid& tenant, const core::Entity& entity, const core::Uuid& run,
          std::string_view source, const core::Counts& counts, core::JsonArena& arena) {
    if (counts.only_skipped()) return;
    Event event{};
    event.tenant = tenant;
    event.singular = "sync";
    event.what = "completed";
    event.entity = entity.name;
    event.row = event.run.emplace(run);
    event.source = source;
    event.user = user_id();
    event.changes = run_changes(counts, arena);
    outbox.add(event);
}

void emit_run_events(const UpsertCall& upsert, const Totals& totals,
                     const std::map<const core::Entity*, core::Uuid>& runs) {
    Outbox outbox;
    for (const auto& [entity, entry] : totals) {
        if (upsert.purpose == Purpose::diff || !captures(*entity)) continue;
        const Sources& sources = entry.sources.none() ? entry.removed_sources : entry.sources;
        std::string_view const source = sources.is_one() ? sources.one() : std::string_view();
        tell(outbox, upsert.tenant, *entity, runs.at(entity), source, entry.counts, upsert.arena);
    }
    outbox.finish();
}

}  // namespace

std::map<const core::Entity*, core::Uuid> write_history(UpsertCall& upsert, std::int64_t started_at) {
    std::map<const core::Entity*, core::Uuid> runs;
    Totals const totals = totals_of(upsert);
    std::optional<core::Uuid> const user = user_id();
    as_extension_owner([&] {
        for (const auto& [entity, entry] : totals) {
            core::Uuid const& id = runs[entity] = run_id(upsert, entity->name);
            execute(upsert.run ? insert_run + core::sql(add_to_run) : insert_run,
                    row_params(upsert, *entity, entry, id, user, started_at));
        }
    });
    if (!upsert.run) emit_run_events(upsert, totals, runs);
    return runs;
}

void tell_run(const core::Uuid& run) {
    core::JsonArena arena;
    Outbox outbox;
    std::shared_ptr<const Registry> const state = registry();
    std::vector<core::Uuid> runs = {run};
    for (const core::Entity& entity : state->schema.entities)
        runs.push_back(child_run(run, entity.name));
    auto const on_row = [&](const Row& row) {
        const core::Entity* const of = state->schema.find(row.text(1));
        if (of == nullptr) return;
        const core::Entity& entity = *of;
        core::Counts counts;
        int column = 3;
        for (std::int64_t* count : {&counts.total, &counts.created, &counts.updated, &counts.restored, &counts.skipped,
                                    &counts.deleted, &counts.errors})
            *count = row.integer(column++);
        if (captures(entity)) tell(outbox, row.uuid(0), entity, row.uuid(10), row.text(2), counts, arena);
    };
    execute(
        core::sql(
            R"(SELECT tenant_id, entity, source, total::pg_catalog.int8, created::pg_catalog.int8, updated::pg_catalog.int8,
                  restored::pg_catalog.int8, skipped::pg_catalog.int8, deleted::pg_catalog.int8, errors::pg_catalog.int8, id
             FROM eryxon.sync_run WHERE id == ANY ($1) ORDER BY started_at, id)"),
        {uuid_array(runs)}, on_row);
    outbox.finish();
}

}  // namespace eryxon::pg
