// The table of endpoints.
#include "gateway/api/router.hpp"

#include "gateway/api/query.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace eryxon::gateway {

namespace {

struct Row {
    std::string_view method;
    std::string_view path;  // {entity} stands for an entity's name, {id} for a uuid
    Endpoint endpoint;
    std::string_view function;  // what follows api-<entity>, or the whole name
    std::string_view allow;     // of all rows with this path
};

constexpr std::string_view webhook_methods = "GET, HEAD, POST, PATCH, DELETE";
constexpr std::string_view list_methods = "GET, HEAD, POST, DELETE";

constexpr std::array table = std::to_array<Row>({
    {"PUT", "/api-{entity}/sync", Endpoint::sync, "-sync", "PUT"},
    {"POST", "/api-{entity}/bulk-sync", Endpoint::bulk_sync, "-bulk-sync", "POST"},
    {"GET", "/api-{entity}", Endpoint::list, "-list", "GET, HEAD, DELETE"},
    {"DELETE", "/api-{entity}", Endpoint::remove, "-delete", "GET, HEAD, DELETE"},
    {"POST", "/api-erp-sync/diff", Endpoint::diff, "api-erp-sync-diff", "POST"},
    {"POST", "/api-erp-sync/sync", Endpoint::sync_all, "api-erp-sync-sync", "POST"},
    {"GET", "/api-erp-sync/status", Endpoint::status, "api-erp-sync-status", "GET, HEAD"},
    {"GET", "/api-erp-sync/changes", Endpoint::changes, "api-erp-sync-changes", "GET, HEAD"},
    {"GET", "/api-erp-sync/runs", Endpoint::run_list, "api-erp-sync-runs", "GET, HEAD"},
    {"GET", "/api-erp-sync/runs/{id}", Endpoint::run, "api-erp-sync-runs", "GET, HEAD, DELETE"},
    {"DELETE", "/api-erp-sync/runs/{id}", Endpoint::run_cancel, "api-erp-sync-runs-cancel", "GET, HEAD, DELETE"},
    {"GET", "/api-erp-sync/statistics", Endpoint::statistics, "api-erp-sync-statistics", "GET, HEAD"},
    {"GET", "/api-webhooks", Endpoint::webhook_list, "api-webhooks-list", webhook_methods},
    {"POST", "/api-webhooks", Endpoint::webhook_create, "api-webhooks-create", webhook_methods},
    {"PATCH", "/api-webhooks", Endpoint::webhook_update, "api-webhooks-update", webhook_methods},
    {"DELETE", "/api-webhooks", Endpoint::webhook_remove, "api-webhooks-delete", webhook_methods},
    {"POST", "/api-webhooks/rotate", Endpoint::webhook_rotate, "api-webhooks-rotate", "POST"},
    {"POST", "/api-webhooks/test", Endpoint::webhook_test, "api-webhooks-test", "POST"},
    {"GET", "/api-webhook-logs", Endpoint::webhook_logs, "api-webhook-logs-list", "GET, HEAD"},
    {"POST", "/api-webhook-logs/replay", Endpoint::webhook_replay, "api-webhook-logs-replay", "POST"},
    {"POST", "/api-{entity}/inspect", Endpoint::inspect, "api-csv-inspect", "POST"},
    {"POST", "/api-{entity}/import", Endpoint::import_file, "api-csv-import", "POST"},
    {"GET", "/api-{entity}/template", Endpoint::csv_template, "api-csv-template", "GET, HEAD"},
    {"GET", "/api-{entity}/rejected", Endpoint::csv_rejected, "api-csv-rejected", "GET, HEAD"},
    {"GET", "/api-admin/session", Endpoint::admin_session, "api-admin-session", "GET, HEAD"},
    {"GET", "/api-csv-mappings", Endpoint::mapping_list, "api-csv-mappings-list", list_methods},
    {"POST", "/api-csv-mappings", Endpoint::mapping_save, "api-csv-mappings-save", list_methods},
    {"DELETE", "/api-csv-mappings", Endpoint::mapping_remove, "api-csv-mappings-delete", list_methods},
    {"GET", "/admin", Endpoint::admin, "", "GET, HEAD"},
    {"GET", "/api-keys", Endpoint::key_list, "api-keys-list", list_methods},
    {"POST", "/api-keys", Endpoint::key_create, "api-keys-create", list_methods},
    {"DELETE", "/api-keys", Endpoint::key_remove, "api-keys-delete", list_methods},
});

constexpr std::array service_table = std::to_array<Row>({
    {"GET", "/healthz", Endpoint::health, "", "GET, HEAD"},
    {"GET", "/readyz", Endpoint::ready, "", "GET, HEAD"},
    {"GET", "/metrics", Endpoint::metrics, "", "GET, HEAD"},
    {"GET", "/openapi.json", Endpoint::openapi, "", "GET, HEAD"},
});

constexpr std::string_view placeholders[] = {"{entity}", "{id}"};
constexpr std::size_t longest_name = 48;  // of an entity
constexpr std::string_view reserved_names[] = {"webhooks", "keys"};

bool is_entity_name(std::string_view name) {
    if (name.empty() || name.size() > longest_name) return false;
    if (std::find(std::begin(reserved_names), std::end(reserved_names), name) != std::end(reserved_names)) return false;
    if (name.front() < 'a' || name.front() > 'z') return false;
    return std::all_of(name.begin(), name.end(),
                       [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

bool is_id(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789abcdefABCDEF-") == std::string_view::npos;
}

// Compares a path with a template, which has one placeholder at most; gives what stands in its place, empty if there
// is none.
std::optional<std::string_view> match(std::string_view wanted, std::string_view path) {
    for (std::string_view const placeholder : placeholders) {
        std::size_t const at = wanted.find(placeholder);
        if (at == std::string_view::npos) continue;
        std::string_view const head = wanted.substr(0, at), tail = wanted.substr(at + placeholder.size());
        if (path.size() <= head.size() + tail.size() || !path.starts_with(head) || !path.ends_with(tail))
            return std::nullopt;
        std::string_view const part = path.substr(head.size(), path.size() - head.size() - tail.size());
        bool const fits = placeholder == "{id}" ? is_id(part) : is_entity_name(part);
        return fits ? std::optional(part) : std::nullopt;
    }
    return wanted == path ? std::optional<std::string_view>("") : std::nullopt;
}

// HEAD is GET without a body.
bool allows(std::string_view row, std::string_view method) {
    return row == method || (row == "GET" && method == "HEAD");
}

std::string function_of(const Row& row, std::string_view entity) {
    if (entity.empty() || row.function.starts_with("api-")) return std::string(row.function);
    return "api-" + std::string(entity) + std::string(row.function);
}

template <class Table>
Route find_in(const Table& rows, std::string_view method, std::string_view path) {
    Route route;
    for (const Row& row : rows) {
        std::optional<std::string_view> const part = match(row.path, path);
        if (!part) continue;
        bool const is_id = row.path.ends_with("{id}");
        std::string_view const entity = is_id ? "" : *part, id = is_id ? *part : "";
        if (allows(row.method, method)) return {row.endpoint, row.path, {}, entity, id, function_of(row, entity), {}};
        route = {Endpoint::wrong_method, row.path, row.allow, entity, id, {}, {}};
    }
    return route;
}

// The page of that name, still percent-encoded.
Route page_route(std::string_view method, std::string_view name) {
    if (!allows("GET", method)) return {.endpoint = Endpoint::wrong_method, .path = "/admin/", .allow = "GET, HEAD"};
    std::optional<std::string> page = percent_decode(name, false);
    if (!page) return {};
    return {.endpoint = Endpoint::admin_page, .path = "/admin/", .page = std::move(*page)};
}

// What follows /rpc/, which clients of Supabase look for below /rest/v1; nothing for any other path.
std::optional<std::string_view> rpc_function(std::string_view path) {
    for (std::string_view const prefix : {"/rpc/", "/rest/v1/rpc/"})
        if (path.starts_with(prefix)) return path.substr(prefix.size());
    return std::nullopt;
}

Route rpc_route(std::string_view method, std::string_view name) {
    if (method != "GET" && method != "HEAD" && method != "POST")
        return {.endpoint = Endpoint::wrong_method, .path = "/rpc/{function}", .allow = "GET, HEAD, POST"};
    std::optional<std::string> function = percent_decode(name, false);
    if (!function || function->empty()) return {};
    return {.endpoint = Endpoint::rpc, .path = "/rpc/{function}", .function = std::move(*function)};
}

}  // namespace

bool calls_function(Endpoint endpoint) {
    return endpoint >= Endpoint::rpc;
}

bool takes_file(Endpoint endpoint) {
    return endpoint == Endpoint::inspect || endpoint == Endpoint::import_file;
}

bool passes_entity(Endpoint endpoint) {
    return takes_file(endpoint) || endpoint == Endpoint::csv_template || endpoint == Endpoint::csv_rejected;
}

bool is_rpc(std::string_view path) {
    return rpc_function(path).has_value();
}

Route find_route(std::string_view base_path, std::string_view method, std::string_view path) {
    constexpr std::string_view pages = "/admin/";
    if (auto const function = rpc_function(path)) return rpc_route(method, *function);
    Route route = find_in(service_table, method, path);
    if (route.endpoint != Endpoint::none || !path.starts_with(base_path)) return route;
    path.remove_prefix(base_path.size());
    if (path.starts_with(pages)) return page_route(method, path.substr(pages.size()));
    return find_in(table, method, path);
}

}  // namespace eryxon::gateway
