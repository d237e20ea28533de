// Which endpoint a method and a path name, and which function of the database stands behind it.
#pragma once

#include <string>
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

struct Route {
    Endpoint endpoint = Endpoint::none;
    std::string_view path = "(none)";  // the template, for metrics
    std::string_view allow{};          // methods, where the one asked for is wrong
    std::string_view entity{};         // part of the request's path, like the two below
    std::string_view id{};
    std::string function{};  // of the exposed schema, where one is called
    std::string page{};      // below /admin/, where one is asked for
};

// True where the endpoint calls a function of the database.
bool calls_function(Endpoint endpoint);
// True where the request's body is a CSV file.
bool takes_file(Endpoint endpoint);
// True where the entity is an argument of the function, and not part of its name.
bool passes_entity(Endpoint endpoint);

// True for the paths on which functions are called and answers are as PostgREST's.
bool is_rpc(std::string_view path);

// Finds the endpoint; base_path stands in front of the /api- routes only. Entities are not looked up here.
Route find_route(std::string_view base_path, std::string_view method, std::string_view path);

}  // namespace eryxon::gateway
