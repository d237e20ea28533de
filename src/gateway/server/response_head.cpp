// Writing status line and headers. Values are the gateway's own or were checked when they were taken over.
#include "gateway/server/response_head.hpp"

#include "core/base/uuid.hpp"

#include <algorithm>
#include <array>
#include <boost/beast/http/status.hpp>
#include <ctime>
#include <random>

namespace eryxon::gateway {

namespace {

constexpr std::size_t longest_id = 64;

// Now in the form of RFC 9110, made once a second.
const std::string& date() {
    static std::time_t made = 0;
    static std::string text;
    std::time_t const now = std::time(nullptr);
    if (now == made) return text;
    tm parts{};
    gmtime_r(&now, &parts);
    std::array<char, 40> buffer{};
    text.assign(buffer.data(), std::strftime(buffer.data(), buffer.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts));
    made = now;
    return text;
}

bool is_plain(std::string_view id) {
    if (id.empty() || id.size() > longest_id) return false;
    return std::all_of(id.begin(), id.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
               c == '-';
    });
}

// A new request id: time-ordered, so that logs sort by it.
std::string new_id() {
    static core::UuidV7Maker maker;
    static std::mt19937_64 random{std::random_device{}()};
    std::array<std::uint8_t, 10> bytes{};
    for (std::uint8_t& byte : bytes)
        byte = static_cast<std::uint8_t>(random());
    auto const now = std::chrono::system_clock::now().time_since_epoch();
    return core::to_string(maker.make(
        static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(now).count()), bytes));
}

void append(std::string& out, std::string_view name, std::string_view value) {
    out.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

std::string response_head(const Response& response, const Trace& trace, std::string_view connection) {
    std::string out;
    out.reserve(320);
    auto const reason = boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(response.status));
    out.append("HTTP/1.1 ").append(std::to_string(response.status)).append(" ");
    out.append(reason.data(), reason.size()).append("\r\n");
    append(out, "Date", date());
    append(out, "X-Request-Id", trace.request_id);
    bool const framed = response.status != 204 && response.status != 304;
    if (response.may_have_content() && !response.has("content-type"))
        append(out, "Content-Type", response.content_type);
    if (response.stream)
        append(out, "Transfer-Encoding", "chunked");
    else if (framed)
        append(out, "Content-Length", std::to_string(response.content().size()));
    for (const Header& header : response.headers)
        append(out, header.name, header.value);
    for (const Header& header : trace.headers)
        append(out, header.name, header.value);
    if (!connection.empty()) append(out, "Connection", connection);
    return out.append("\r\n");
}

std::string request_id(const HeaderView* sent) {
    return sent != nullptr && is_plain(sent->value) ? std::string(sent->value) : new_id();
}

}  // namespace eryxon::gateway
