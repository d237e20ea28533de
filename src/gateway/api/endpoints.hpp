// What the gateway knows of each endpoint, in one row of one table.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace eryxon::gateway {

enum class Endpoint {
    none,
    wrong_method,
    health,
    ready,
    metrics,
    openapi,
    admin,
    admin_page,
    rpc,
    sync,
    bulk_sync,
    remove,
    list,
    diff,
    sync_all,
    status,
    changes,
    webhook_list,
    webhook_create,
    webhook_update,
    webhook_remove,
    webhook_logs,
    webhook_rotate,
    webhook_test,
    webhook_replay,
    inspect,
    import_file,
    import_records,
    csv_template,
    csv_rejected,
    run_list,
    run,
    run_cancel,
    statistics,
    admin_session,
    mapping_list,
    mapping_save,
    mapping_remove,
    key_list,
    key_create,
    key_remove
};

// What the request's body is: nothing; the function's arguments or its one argument; its argument "changes", beside
// those of the query string; a CSV file; records of any number, which are taken while they arrive.
enum class Body : std::uint8_t { none, arguments, changes, file, records };

// A parameter of the query string and the argument that it becomes; PostgREST reserves some of the first names.
struct QueryParameter {
    std::string_view name;
    std::string_view argument;
};

struct EndpointRow {
    std::string_view method;
    std::string_view path;  // {entity} stands for an entity's name, {id} for a uuid
    Endpoint endpoint = Endpoint::none;
    std::string_view function{};  // "-" and what follows api-<entity>, or the whole name; empty if none is called
    Body body = Body::none;
    std::span<const QueryParameter> parameters{};
    bool below_base = true;  // the setting base_path stands in front of the path
};

std::span<const EndpointRow> endpoint_rows();

// The row of an endpoint; nullptr for those that are no path of the table: none, wrong_method, admin_page, rpc.
const EndpointRow* endpoint_row(Endpoint endpoint);

// True where the endpoint calls a function of the database.
bool calls_function(Endpoint endpoint);
Body body_of(Endpoint endpoint);
// True where the entity is an argument of the function, and not part of its name.
bool passes_entity(Endpoint endpoint);

}  // namespace eryxon::gateway
