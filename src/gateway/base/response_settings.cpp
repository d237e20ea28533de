// Reading response.status and response.headers with care: what they hold may come from a client in the end.
#include "gateway/base/response_settings.hpp"

#include "core/json/json.hpp"

#include <algorithm>

namespace eryxon::gateway {

namespace {

bool is_token_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_value_character(char c) {
    auto const byte = static_cast<unsigned char>(c);
    return (byte >= 0x20 && byte != 0x7f) || c == '\t';
}

// Framing and connection belong to the gateway.
bool is_reserved(std::string_view name) {
    constexpr std::string_view reserved[] = {"connection", "content-length",    "date",    "keep-alive",  "te",
                                             "trailer",    "transfer-encoding", "upgrade", "x-request-id"};
    return std::any_of(std::begin(reserved), std::end(reserved),
                       [&](std::string_view one) { return same_name(name, one); });
}

}  // namespace

std::optional<unsigned> parse_status(std::string_view text) {
    auto const digits = std::min(text.find_first_not_of("0123456789"), text.size());
    if (digits != 3) return std::nullopt;
    unsigned const status = static_cast<unsigned>((text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0'));
    return status >= 200 && status <= 599 ? std::optional(status) : std::nullopt;
}

bool add_response_header(std::vector<Header>& headers, std::string_view name, std::string_view value) {
    if (name.empty() || !std::all_of(name.begin(), name.end(), is_token_character)) return false;
    if (!std::all_of(value.begin(), value.end(), is_value_character)) return false;
    if (!is_reserved(name)) headers.push_back({std::string(name), std::string(value)});
    return true;
}

bool parse_response_headers(std::string_view json, std::vector<Header>& headers) {
    try {
        core::JsonArena arena;
        core::Json const list = core::parse_json(json, arena);
        if (!list.is_array()) return false;
        for (const core::Json& item : list.items()) {
            if (!item.is_object() || item.members().size() != 1) return false;
            const core::JsonMember& header = item.members().front();
            if (!header.value.is_string() || !add_response_header(headers, header.name, header.value.text()))
                return false;
        }
        return true;
    } catch (const core::CallError&) {
        return false;
    }
}

}  // namespace eryxon::gateway
