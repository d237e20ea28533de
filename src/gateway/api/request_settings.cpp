// Headers and cookies as JSON objects.
#include "gateway/api/request_settings.hpp"

#include "core/json/json.hpp"
#include "core/result/credential.hpp"

#include <simdjson.h>
#include <algorithm>

namespace eryxon::gateway {

namespace {

constexpr std::string_view own_prefix = "x-eryxon-";

// True for headers that must not come from outside, or that are told otherwise.
bool is_withheld(std::string_view name) {
    if (same_name(name, "cookie")) return true;
    if (same_name(name, "x-api-key") || same_name(name, "apikey") || same_name(name, "authorization")) return true;
    return name.size() >= own_prefix.size() && same_name(name.substr(0, own_prefix.size()), own_prefix);
}

// The value as text: what is no UTF-8 counts as ISO 8859-1, as header fields once were (RFC 9110 5.5).
std::string text_of(std::string_view value) {
    if (simdjson::validate_utf8(value.data(), value.size())) return std::string(value);
    std::string text;
    for (char const c : value) {
        auto const byte = static_cast<unsigned char>(c);
        if (byte >= 0x80) text += static_cast<char>(0xC0 | (byte >> 6));
        text += static_cast<char>(byte >= 0x80 ? 0x80 | (byte & 0x3F) : byte);
    }
    return text;
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

std::string claims_json(const Credentials& credentials) {
    if (credentials.api_key.empty()) return credentials.claims;
    std::string out = credentials.claims.substr(0, credentials.claims.rfind('}'));
    bool const has_members = out.find('"') != std::string::npos;
    if (has_members) out += ',';
    core::write_json_member(core::key_claim, core::to_text(core::key_digest(credentials.api_key)), out);
    return out + '}';
}

std::string headers_json(const Request& request, const Credentials& credentials) {
    std::string out = "{";
    for (std::size_t i = 0; i < request.headers.size(); ++i) {
        const HeaderView& header = request.headers[i];
        if (is_withheld(header.name)) continue;
        std::string const name = lower_case(header.name);
        if (!seen_before(request, i, name)) append_member(out, name, text_of(joined(request, i, name)));
    }
    if (credentials.kind == Credentials::Kind::token) append_member(out, "authorization", "Bearer");
    return out + '}';
}

std::string cookies_json(const Request& request) {
    std::string out = "{";
    for (const HeaderView& header : request.headers) {
        if (!same_name(header.name, "cookie")) continue;
        std::string const value = text_of(header.value);
        std::string_view rest = value;
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
