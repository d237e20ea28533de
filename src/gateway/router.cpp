// The table of endpoints.
#include "gateway/router.hpp"

#include "gateway/query.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace eryxon::gateway {

namespace {

struct Row {
    std::string_view method;
    std::string_view path;  // {entity} stands for an entity's name
    Endpoint endpoint;
    std::string_view function;  // what follows api-<entity>-, or the whole name
    std::string_view allow;     // of all rows with this path
};

constexpr std::string_view webhook_methods = "GET, HEAD, POST, PATCH, DELETE";

constexpr std::array table = std::to_array<Row>({
    {"PUT", "/api-{entity}/sync", Endpoint::sync, "-sync", "PUT"},
    {"POST", "/api-{entity}/bulk-sync", Endpoint::bulk_sync, "-bulk-sync", "POST"},
    {"GET", "/api-{entity}", Endpoint::list, "-list", "GET, HEAD, DELETE"},
    {"DELETE", "/api-{entity}", Endpoint::remove, "-delete", "GET, HEAD, DELETE"},
    {"POST", "/api-erp-sync/diff", Endpoint::diff, "api-erp-sync-diff", "POST"},
    {"POST", "/api-erp-sync/sync", Endpoint::sync_all, "api-erp-sync-sync", "POST"},
    {"GET", "/api-erp-sync/status", Endpoint::status, "api-erp-sync-status", "GET, HEAD"},
    {"GET", "/api-erp-sync/changes", Endpoint::changes, "api-erp-sync-changes", "GET, HEAD"},
    {"GET", "/api-webhooks", Endpoint::webhook_list, "api-webhooks-list", webhook_methods},
    {"POST", "/api-webhooks", Endpoint::webhook_create, "api-webhooks-create", webhook_methods},
    {"PATCH", "/api-webhooks", Endpoint::webhook_update, "api-webhooks-update", webhook_methods},
    {"DELETE", "/api-webhooks", Endpoint::webhook_remove, "api-webhooks-delete", webhook_methods},
    {"GET", "/api-webhook-logs", Endpoint::webhook_logs, "api-webhook-logs-list", "GET, HEAD"},
});

constexpr std::array service_table = std::to_array<Row>({
    {"GET", "/healthz", Endpoint::health, "", "GET, HEAD"},
    {"GET", "/readyz", Endpoint::ready, "", "GET, HEAD"},
    {"GET", "/metrics", Endpoint::metrics, "", "GET, HEAD"},
    {"GET", "/openapi.json", Endpoint::openapi, "", "GET, HEAD"},
});

constexpr std::string_view placeholder = "{entity}";
constexpr std::size_t longest_name = 48;  // of an entity
constexpr std::string_view reserved_name = "webhooks";

bool is_entity_name(std::string_view name) {
    if (name.empty() || name.size() > longest_name || name == reserved_name) return false;
    if (name.front() < 'a' || name.front() > 'z') return false;
    return std::all_of(name.begin(), name.end(),
                       [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

// Compares a path with a template; gives the entity that stands in it, empty if there is none.
std::optional<std::string_view> match(std::string_view wanted, std::string_view path) {
    std::size_t const at = wanted.find(placeholder);
    if (at == std::string_view::npos) return wanted == path ? std::optional<std::string_view>("") : std::nullopt;
    std::string_view const head = wanted.substr(0, at), tail = wanted.substr(at + placeholder.size());
    if (path.size() <= head.size() + tail.size() || !path.starts_with(head) || !path.ends_with(tail))
        return std::nullopt;
    std::string_view const entity = path.substr(head.size(), path.size() - head.size() - tail.size());
    return is_entity_name(entity) ? std::optional(entity) : std::nullopt;
}

// HEAD is GET without a body.
bool allows(std::string_view row, std::string_view method) {
    return row == method || (row == "GET" && method == "HEAD");
}

std::string function_of(const Row& row, std::string_view entity) {
    if (entity.empty()) return std::string(row.function);
    return "api-" + std::string(entity) + std::string(row.function);
}

template <class Table>
Route find_in(const Table& rows, std::string_view method, std::string_view path) {
    Route route;
    for (const Row& row : rows) {
        std::optional<std::string_view> const entity = match(row.path, path);
        if (!entity) continue;
        if (allows(row.method, method)) return {row.endpoint, row.path, {}, *entity, function_of(row, *entity)};
        route = {Endpoint::wrong_method, row.path, row.allow, *entity, {}};
    }
    return route;
}

Route rpc_route(std::string_view method, std::string_view name) {
    if (method != "GET" && method != "HEAD" && method != "POST")
        return {Endpoint::wrong_method, "/rpc/{function}", "GET, HEAD, POST", {}, {}};
    std::optional<std::string> function = percent_decode(name, false);
    if (!function || function->empty()) return {};
    return {Endpoint::rpc, "/rpc/{function}", {}, {}, std::move(*function)};
}

}  // namespace

bool calls_function(Endpoint endpoint) {
    return endpoint >= Endpoint::rpc;
}

Route find_route(std::string_view base_path, std::string_view method, std::string_view path) {
    constexpr std::string_view rpc = "/rpc/";
    if (path.starts_with(rpc)) return rpc_route(method, path.substr(rpc.size()));
    Route route = find_in(service_table, method, path);
    if (route.endpoint == Endpoint::none && path.starts_with(base_path))
        route = find_in(table, method, path.substr(base_path.size()));
    return route;
}

}  // namespace eryxon::gateway
