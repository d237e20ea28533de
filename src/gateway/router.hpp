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
    webhook_logs
};

struct Route {
    Endpoint endpoint = Endpoint::none;
    std::string_view path = "(none)";  // the template, for metrics
    std::string_view allow{};          // methods, where the one asked for is wrong
    std::string_view entity{};         // part of the request's path
    std::string function{};            // of the exposed schema, where one is called
};

// True where the endpoint calls a function of the database.
bool calls_function(Endpoint endpoint);

// Finds the endpoint; base_path stands in front of the /api- routes only. Entities are not looked up here.
Route find_route(std::string_view base_path, std::string_view method, std::string_view path);

}  // namespace eryxon::gateway
