// The text forms of deliveries and attempts.
#include "gateway/relay/delivery.hpp"

#include "core/json/json.hpp"
#include "gateway/base/signing.hpp"

#include <curl/curl.h>
#include <simdjson.h>
#include <memory>
#include <stdexcept>

namespace eryxon::gateway {

namespace {

constexpr std::string_view replacement = "\xef\xbf\xbd";  // U+FFFD

// A header's value as it is; throws if it would end the line.
const std::string& header_value(const std::string& value, const char* what) {
    if (value.empty()) throw std::invalid_argument(std::string("the event has no ") + what);
    for (char const c : value)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
            throw std::invalid_argument(std::string("the event's ") + what + " cannot stand in a header");
    return value;
}

// The length of the UTF-8 character at the begin of the text; 0 if there is none.
std::size_t character_length(std::string_view text) {
    auto const lead = static_cast<unsigned char>(text.front());
    std::size_t const length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (lead == 0 || length > text.size() || !simdjson::validate_utf8(text.data(), length)) return 0;
    return length;
}

// The text with U+FFFD for NUL and for each byte that is not UTF-8.
std::string clean(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        std::size_t const length = character_length(text);
        out.append(length == 0 ? replacement : text.substr(0, length));
        text.remove_prefix(length == 0 ? 1 : length);
    }
    return out;
}

std::string number_or_null(const std::optional<std::int64_t>& value) {
    return value ? std::to_string(*value) : "null";
}

std::string text_or_null(const std::optional<std::string>& value) {
    return value ? core::json_string(clean(*value)) : "null";
}

std::string attempt_json(const Attempt& attempt) {
    return "{\"delivery\":" + core::json_string(attempt.delivery) + ",\"attempt\":" + std::to_string(attempt.number) +
           ",\"status\":" + number_or_null(attempt.status) + ",\"error\":" + text_or_null(attempt.error) +
           ",\"duration_ms\":" + std::to_string(attempt.duration_ms) +
           ",\"retry_after\":" + number_or_null(attempt.retry_after) +
           ",\"response\":" + text_or_null(attempt.response) +
           ",\"interrupted\":" + (attempt.interrupted ? "true" : "false") + '}';
}

// Writes *** wherever a secret stands in a text. One of a few characters would be anywhere.
void cover(std::string& text, const std::string& secret) {
    if (secret.size() < 6) return;
    for (std::size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, at))
        text.replace(at, secret.size(), "***");
}

// One part of a URL; empty if it has none.
std::string url_part(CURLU* url, CURLUPart part) {
    char* text = nullptr;
    std::string out;
    if (curl_url_get(url, part, &text, 0) == CURLUE_OK) out = text;
    curl_free(text);
    return out;
}

}  // namespace

std::vector<std::string> delivery_headers(const Delivery& delivery, std::int64_t now) {
    std::vector<std::string> keys;
    for (const std::string& secret : delivery.secrets)
        keys.push_back(secret_key(secret));
    if (keys.empty()) throw std::invalid_argument("the webhook has no secret");
    const std::string& id = header_value(delivery.message_id, "id");
    std::vector<std::string> headers = {"Content-Type: application/json",
                                        "User-Agent: eryxon-sync/" ERYXON_VERSION,
                                        "webhook-id: " + id,
                                        "webhook-timestamp: " + std::to_string(now),
                                        "webhook-signature: " + webhook_signature(keys, id, now, delivery.body),
                                        "X-Eryxon-Signature: " + eryxon_signature(keys.front(), delivery.body),
                                        "X-Eryxon-Event: " + header_value(delivery.type, "type")};
    for (const std::string& header : delivery.headers)
        headers.push_back(header_value(header, "header"));
    return headers;
}

std::string without_secrets(std::string answer, const std::vector<std::string>& headers) {
    for (const std::string& header : headers) {
        std::size_t const value = header.find(": "), last_word = header.rfind(' ');
        if (value == std::string::npos) continue;
        cover(answer, header.substr(value + 2));
        cover(answer, header.substr(last_word + 1));
    }
    return answer;
}

std::string host_of(const std::string& url) {
    std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> const parsed(curl_url(), &curl_url_cleanup);
    if (!parsed || curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) return {};
    std::string const host = url_part(parsed.get(), CURLUPART_HOST), port = url_part(parsed.get(), CURLUPART_PORT);
    return port.empty() ? host : host + ':' + port;
}

std::string attempts_json(std::span<const Attempt> attempts) {
    std::string out;
    for (const Attempt& attempt : attempts)
        out.append(out.empty() ? "[" : ",").append(attempt_json(attempt));
    return out.empty() ? "[]" : out + ']';
}

}  // namespace eryxon::gateway
