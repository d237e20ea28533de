// Finds the row of a request in the table of endpoints.
#include "gateway/api/router.hpp"

#include "gateway/api/query.hpp"

#include <algorithm>
#include <optional>

namespace eryxon::gateway {

namespace {

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

std::string function_of(const EndpointRow& row, std::string_view entity) {
    if (!row.function.starts_with('-')) return std::string(row.function);
    return "api-" + std::string(entity) + std::string(row.function);
}

// The methods of all rows with that path.
std::string allowed_methods(std::string_view path) {
    std::string methods;
    for (const EndpointRow& row : endpoint_rows()) {
        if (row.path != path) continue;
        if (!methods.empty()) methods += ", ";
        methods += row.method == "GET" ? "GET, HEAD" : row.method;
    }
    return methods;
}

// The endpoint of a path that is given without the base path, or of one in front of which none stands.
Route find_in_table(std::string_view method, std::string_view path, bool below_base) {
    Route route;
    for (const EndpointRow& row : endpoint_rows()) {
        if (row.below_base != below_base) continue;
        std::optional<std::string_view> const part = match(row.path, path);
        if (!part) continue;
        bool const is_id = row.path.ends_with("{id}");
        std::string_view const entity = is_id ? "" : *part, id = is_id ? *part : "";
        if (allows(row.method, method)) return {row.endpoint, row.path, {}, entity, id, function_of(row, entity), {}};
        route = {Endpoint::wrong_method, row.path, {}, entity, id, {}, {}};
    }
    if (route.endpoint == Endpoint::wrong_method) route.allow = allowed_methods(route.path);
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

bool is_rpc(std::string_view path) {
    return rpc_function(path).has_value();
}

Route find_route(std::string_view base_path, std::string_view method, std::string_view path) {
    constexpr std::string_view pages = "/admin/";
    if (auto const function = rpc_function(path)) return rpc_route(method, *function);
    Route route = find_in_table(method, path, false);
    if (route.endpoint != Endpoint::none || !path.starts_with(base_path)) return route;
    path.remove_prefix(base_path.size());
    if (path.starts_with(pages)) return page_route(method, path.substr(pages.size()));
    return find_in_table(method, path, true);
}

}  // namespace eryxon::gateway
