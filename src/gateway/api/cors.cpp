// Requests are authenticated by headers that a page sets itself, never by cookies, so credentials in the sense of the
// standard are not allowed, and "*" gives nobody more than curl has.
#include "gateway/api/cors.hpp"

#include <algorithm>

namespace eryxon::gateway {

namespace {

constexpr std::string_view exposed =
    "X-Request-Id, Retry-After, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, Allow, WWW-Authenticate, "
    "Content-Disposition, Content-Range, Location, Proxy-Status, Idempotency-Replayed";
constexpr std::string_view preflight_age = "600";  // seconds
constexpr std::string_view name_characters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_, ";

// The request's origin, if its pages may call; else empty.
std::string_view allowed_origin(const Request& request, const std::vector<std::string>& origins) {
    const HeaderView* const origin = request.find("origin");
    if (origin == nullptr || request.count("origin") > 1) return {};
    bool const allowed = std::any_of(origins.begin(), origins.end(),
                                     [&](const std::string& one) { return one == "*" || one == origin->value; });
    return allowed ? origin->value : std::string_view();
}

bool allows_all(const std::vector<std::string>& origins) {
    return std::find(origins.begin(), origins.end(), "*") != origins.end();
}

}  // namespace

std::optional<std::string> read_origin(std::string_view text) {
    if (text == "*") return "*";
    std::string origin = lower_case(text);
    std::size_t const scheme = origin.find("://");
    if (scheme == std::string::npos || scheme == 0) return std::nullopt;
    std::string_view const host = std::string_view(origin).substr(scheme + 3);
    if (host.empty() || host.find_first_of("/?#@*, \t\"\\") != std::string_view::npos) return std::nullopt;
    if ((origin.starts_with("https://") && host.ends_with(":443")) ||
        (origin.starts_with("http://") && host.ends_with(":80")))
        origin.resize(origin.rfind(':'));
    return origin;
}

std::vector<Header> cors_headers(const Request& request, const std::vector<std::string>& origins) {
    if (origins.empty()) return {};
    std::vector<Header> headers;
    bool const all = allows_all(origins);
    if (!all) headers.push_back({"Vary", "Origin"});
    std::string_view const origin = allowed_origin(request, origins);
    if (origin.empty()) return headers;
    headers.push_back({"Access-Control-Allow-Origin", all ? "*" : std::string(origin)});
    headers.push_back({"Access-Control-Expose-Headers", std::string(exposed)});
    return headers;
}

std::optional<Response> answer_preflight(const Request& request, const std::vector<std::string>& origins,
                                         std::string_view methods) {
    const HeaderView* const method = request.find("access-control-request-method");
    if (request.method != "OPTIONS" || method == nullptr || allowed_origin(request, origins).empty())
        return std::nullopt;
    Response response{.status = 204};
    response.headers.push_back({"Access-Control-Allow-Methods", std::string(methods)});
    const HeaderView* const names = request.find("access-control-request-headers");
    if (names != nullptr && names->value.find_first_not_of(name_characters) == std::string_view::npos)
        response.headers.push_back({"Access-Control-Allow-Headers", std::string(names->value)});
    response.headers.push_back({"Access-Control-Max-Age", std::string(preflight_age)});
    return response;
}

}  // namespace eryxon::gateway
