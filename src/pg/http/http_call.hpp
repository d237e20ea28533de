// A request over HTTP inside the database: what the functions of schema eryxon_api have in common.
#pragma once

#include "core/base/uuid.hpp"
#include "core/json/json.hpp"
#include "pg/server/prelude.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace eryxon::pg {

// What a request answers whose work is to stay, also if a record was refused.
struct HttpData {
    std::string json{};
    int status = 200;
    std::optional<core::CallError> refusal{};
};

// Runs the work of a request with an SPI connection and returns the answer's body. An error of the work undoes what
// it did and becomes the body of a failure; those that end the call are thrown on. Sets response.status.
std::string answer_http(const std::function<HttpData()>& work);

// The work of the endpoints. The body lives in the arena; too many records: CallError BATCH_TOO_LARGE.
HttpData http_upsert(std::string_view entity, const core::Json& body, core::JsonArena& arena);
HttpData http_bulk_upsert(std::string_view entity, const core::Json& body, core::JsonArena& arena);
HttpData http_sync(const core::Json& body, core::JsonArena& arena);
HttpData http_diff(const core::Json& body, core::JsonArena& arena);

// Which row to delete, and how; what was not sent is empty.
struct HttpDelete {
    std::optional<core::Uuid> id;
    std::optional<std::string> external_id;
    std::optional<std::string> external_source;
    std::optional<bool> hard;  // by id hard, by external key soft
    bool force = false;
};
HttpData http_delete(std::string_view entity, const HttpDelete& request);

// Lists, the status and the change feed are read by SQL functions; filters and options are jsonb datums.
HttpData http_list(std::string_view entity, Datum filters);
HttpData http_status(Datum options);
HttpData http_changes(Datum options);
// What a SQL function does with a webhook: list, create, update, delete, logs. The arguments are a json datum.
HttpData http_webhook(std::string_view action, Datum arguments);
// The same for what the admin pages ask for, and for CSV files (bytea datums).
HttpData http_admin(std::string_view action, Datum arguments);
HttpData http_csv(std::string_view action, Datum arguments, std::optional<Datum> file);

}  // namespace eryxon::pg
