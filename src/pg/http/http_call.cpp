// Requests over HTTP: errors become answers, and the endpoints call the engine.
#include "pg/http/http_call.hpp"

#include "core/record/record.hpp"
#include "core/result/http_answer.hpp"
#include "pg/deletes/delete_call.hpp"
#include "pg/http/api_key_check.hpp"
#include "pg/registry/caller.hpp"
#include "pg/registry/registry.hpp"
#include "pg/server/refusal.hpp"
#include "pg/server/request.hpp"
#include "pg/server/settings.hpp"
#include "pg/server/spi.hpp"
#include "pg/server/subtransaction.hpp"
#include "pg/upsert/api.hpp"

namespace eryxon::pg {

namespace {

struct Answer {
    std::string body;
    int status;
};

// A failure that is nobody's fault but the database's also goes to the server's log.
void log_failure(const core::HttpFailure& kind, std::string_view sqlstate, const char* message) {
    if (kind.status < 500) return;
    std::string const state(sqlstate);
    call([&] { ereport(LOG, (errmsg("HTTP request failed with SQLSTATE %s: %s", state.c_str(), message))); });
}

Answer failure(const core::HttpFailure& kind, const core::CallError& error) {
    const core::Fault& first = error.faults().front();
    log_failure(kind, first.sqlstate.empty() ? core::code_sqlstate(first.code) : first.sqlstate, error.what());
    return {core::http_failure(kind, error.what(), first.hint, core::details_text(error.faults())), kind.status};
}

Answer failure(const Error& error) {
    core::HttpFailure const kind =
        core::http_failure_of(error.sqlstate(), has_details(error) ? core::Raised::by_us : core::Raised::by_others);
    log_failure(kind, error.sqlstate(), error.what());
    const char* hint = error.data().hint;
    return {core::http_failure(kind, error.what(), hint != nullptr ? hint : "", details_of(error)), kind.status};
}

// Has deferred constraints checked now, so that what they raise is part of the answer: at COMMIT it would come when the
// answer is made, and PostgREST ends itself at some of the codes that can be raised there.
void check_deferred() {
    if (!XactReadOnly) execute("SET CONSTRAINTS ALL IMMEDIATE", {});
}

// Without a tenant there is nothing to work on: the credential is missing, or says nothing.
Answer run_request(const std::function<HttpData()>& work) {
    HttpData data;
    bool tenant_known = false;
    auto const whole = [&] {
        if (lacks_credential())
            throw core::CallError(core::Code::access_denied, "no credential was sent",
                                  "Send an API key, or a token with a tenant_id claim.");
        Caller const caller;
        tenant_known = true;
        with_spi([&] {
            data = work();
            check_deferred();
        });
    };
    try {
        std::optional<Error> const error = Subtransaction::run(whole);
        if (error) return failure(*error);
    } catch (const core::CallError& error) {
        return failure(tenant_known ? core::http_failure_of(error.faults().front()) : core::http_unauthorized, error);
    }
    if (data.refusal) return failure(core::http_failure_of(data.refusal->faults().front()), *data.refusal);
    return {core::http_success(data.json), data.status};
}

// Nested records that a bulk call may hold for each top-level one that is allowed.
constexpr std::size_t most_nested = 10;

void check_count(std::size_t records) {
    auto const most = static_cast<std::size_t>(settings().max_bulk_records);
    if (records > most)
        throw core::CallError(core::Code::batch_too_large, std::to_string(records) + " records in one request",
                              "At most " + std::to_string(most) + " are allowed (eryxon.max_bulk_records).");
}

// How many records stand in this one.
std::size_t count_nested(const core::Schema& schema, const core::Entity& entity, const core::Json& record) {
    std::size_t count = 0;
    if (!record.is_object()) return count;
    for (const core::Entity::Children& children : entity.children) {
        const core::Json* array = record.find(children.key);
        const core::Entity* child = schema.find(children.entity);
        if (array == nullptr || !array->is_array() || child == nullptr) continue;
        for (const core::Json& nested : array->items())
            count += 1 + count_nested(schema, *child, nested);
    }
    return count;
}

std::size_t count_nested(const core::Schema& schema, std::string_view name, std::span<const core::Json> records) {
    std::size_t count = 0;
    if (const core::Entity* entity = schema.find(name))
        for (const core::Json& record : records)
            count += count_nested(schema, *entity, record);
    return count;
}

// A call is one transaction: while it lasts, others of the tenant may wait for it, and a time limit may end it.
void check_nested(std::size_t nested) {
    std::size_t const most = most_nested * static_cast<std::size_t>(settings().max_bulk_records);
    if (nested > most)
        throw core::CallError(core::Code::batch_too_large, std::to_string(nested) + " nested records in one request",
                              "At most " + std::to_string(most) +
                                  " are allowed (10 times eryxon.max_bulk_records). Send fewer top-level records at a "
                                  "time: about 100 orders, where triggers of your tables lock a row that all share.");
}

using SyncCall = core::Json (*)(const core::Json&, const core::Json&, core::JsonArena&);

HttpData sync_payload(SyncCall call, const core::Json& body, core::JsonArena& arena) {
    core::HttpPayload const payload = core::split_options(body, arena);
    std::size_t records = 0, nested = 0;
    if (payload.records.is_object())
        for (const core::JsonMember& member : payload.records.members()) {
            if (!member.value.is_array()) continue;
            records += member.value.items().size();
            nested += count_nested(registry()->schema, member.name, member.value.items());
        }
    check_count(records);
    check_nested(nested);
    return {core::json_text(call(payload.records, payload.options, arena))};
}

// The JSON that a SQL function of the extension answers.
HttpData query(const std::string& sql, std::initializer_list<Param> params) {
    HttpData data;
    execute(sql, params, [&](const Row& row) { data.json = row.text(0); });
    return data;
}

}  // namespace

std::string answer_http(const std::function<HttpData()>& work) {
    Answer answer = run_request(work);
    set_for_transaction("response.status", std::to_string(answer.status));
    note_key_use();
    return std::move(answer.body);
}

HttpData http_upsert(std::string_view entity, const core::Json& body, core::JsonArena& arena) {
    Upserted const upserted = upsert_one(entity, body, core::Json::object({}), arena, SingleFaults::recorded);
    if (upserted.refusal) return {.refusal = upserted.refusal};
    return {core::json_text(upserted.answer), upserted.action == core::Action::created ? 201 : 200};
}

HttpData http_bulk_upsert(std::string_view entity, const core::Json& body, core::JsonArena& arena) {
    core::HttpPayload const payload = core::split_options(body, arena);
    std::span<const core::Json> const records = core::bulk_items(payload.records, entity);
    check_count(records.size());
    check_nested(count_nested(registry()->schema, entity, records));
    return {core::json_text(upsert_many(entity, payload.records, payload.options, arena))};
}

HttpData http_sync(const core::Json& body, core::JsonArena& arena) {
    return sync_payload(sync_all, body, arena);
}

HttpData http_diff(const core::Json& body, core::JsonArena& arena) {
    return sync_payload(diff_all, body, arena);
}

HttpData http_delete(std::string_view entity, const HttpDelete& request) {
    bool const has_key = request.external_id && request.external_source;
    bool const has_part_of_key = request.external_id || request.external_source;
    if (request.id ? has_part_of_key : !has_key)
        throw core::CallError(core::Code::invalid_payload, "the row to delete must be identified in exactly one way",
                              "Send id, or external_id and external_source.");
    DeleteMode const mode{request.hard.value_or(request.id.has_value()), request.force};
    core::JsonArena arena;
    return {core::json_text(
        request.id ? delete_row(entity, *request.id, mode, arena)
                   : delete_external(entity, *request.external_source, *request.external_id, mode, arena))};
}

HttpData http_list(std::string_view entity, Datum filters) {
    return query("SELECT eryxon.list_rows($1, $2)", {Param::text(entity), Param{JSONBOID, filters}});
}

HttpData http_status(Datum options) {
    return query("SELECT eryxon.status_answer($1)", {Param{JSONBOID, options}});
}

HttpData http_changes(Datum options) {
    return query("SELECT eryxon.changes_answer($1)", {Param{JSONBOID, options}});
}

HttpData http_webhook(std::string_view action, Datum arguments) {
    HttpData data =
        query("SELECT eryxon.answer_webhook($1, $2::jsonb)", {Param::text(action), Param{JSONOID, arguments}});
    if (action == "create") data.status = 201;
    return data;
}

HttpData http_admin(std::string_view action, Datum arguments) {
    HttpData data =
        query("SELECT eryxon.answer_admin($1, $2::jsonb)::text", {Param::text(action), Param{JSONOID, arguments}});
    if (action == "key_create") data.status = 201;
    return data;
}

HttpData http_csv(std::string_view action, Datum arguments, std::optional<Datum> file) {
    return query(
        "SELECT eryxon.answer_csv($1, $2::jsonb, $3)::text",
        {Param::text(action), Param{JSONOID, arguments}, file ? Param{BYTEAOID, *file} : Param::none(BYTEAOID)});
}

}  // namespace eryxon::pg
