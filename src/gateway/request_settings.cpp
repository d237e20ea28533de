// Headers and cookies as JSON objects.
#include "gateway/request_settings.hpp"

#include "core/json.hpp"

#include <simdjson.h>

namespace eryxon::gateway {

namespace {

constexpr std::string_view own_prefix = "x-eryxon-";

// True for headers that must not come from outside, or that are told otherwise.
bool is_withheld(std::string_view name, const Credentials& credentials) {
    if (same_name(name, "cookie")) return true;
    if (same_name(name, "x-api-key") || same_name(name, "apikey")) return true;
    if (same_name(name, "authorization")) return credentials.kind != Credentials::Kind::token;
    return name.size() >= own_prefix.size() && same_name(name.substr(0, own_prefix.size()), own_prefix);
}

void append_member(std::string& out, std::string_view name, std::string_view value) {
    if (out.size() > 1) out += ',';
    core::write_json_member(name, value, out);
}

// The values of the headers of that name from `first` on, joined.
std::string joined(const Request& request, std::size_t first, std::string_view name) {
    std::string value(request.headers[first].value);
    for (std::size_t i = first + 1; i < request.headers.size(); ++i)
        if (same_name(request.headers[i].name, name)) value.append(", ").append(request.headers[i].value);
    return value;
}

bool seen_before(const Request& request, std::size_t index, std::string_view name) {
    for (std::size_t i = 0; i < index; ++i)
        if (same_name(request.headers[i].name, name)) return true;
    return false;
}

std::string_view trim(std::string_view text) {
    while (!text.empty() && text.front() == ' ')
        text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ')
        text.remove_suffix(1);
    return text;
}

}  // namespace

std::string headers_json(const Request& request, const Credentials& credentials, Style style) {
    std::string out = "{";
    for (std::size_t i = 0; i < request.headers.size(); ++i) {
        const HeaderView& header = request.headers[i];
        if (!simdjson::validate_utf8(header.value.data(), header.value.size()))
            throw bad_request("The value of a header is not valid UTF-8", "PGRST102", style);
        if (is_withheld(header.name, credentials)) continue;
        std::string const name = lower_case(header.name);
        if (!seen_before(request, i, name)) append_member(out, name, joined(request, i, name));
    }
    if (!credentials.api_key.empty()) append_member(out, "x-api-key", credentials.api_key);
    return out + '}';
}

std::string cookies_json(const Request& request) {
    std::string out = "{";
    for (const HeaderView& header : request.headers) {
        if (!same_name(header.name, "cookie")) continue;
        std::string_view rest = header.value;
        while (!rest.empty()) {
            std::string_view const pair = rest.substr(0, rest.find(';'));
            rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
            std::size_t const equals = pair.find('=');
            if (equals != std::string_view::npos)
                append_member(out, trim(pair.substr(0, equals)), trim(pair.substr(equals + 1)));
        }
    }
    return out + '}';
}

}  // namespace eryxon::gateway
