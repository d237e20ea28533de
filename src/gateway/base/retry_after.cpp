// Dates are read by libcurl.
#include "gateway/base/retry_after.hpp"

#include <curl/curl.h>
#include <algorithm>
#include <cctype>
#include <charconv>
#include <ctime>

namespace eryxon::gateway {

namespace {

constexpr std::int64_t longest = 7 * 24 * 3600;

// Without white space around it.
std::string_view trim(std::string_view text) {
    constexpr std::string_view blanks = " \t\r\n";
    std::size_t const begin = text.find_first_not_of(blanks);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

}  // namespace

std::optional<std::int64_t> parse_retry_after(const std::string& value, std::int64_t now) {
    std::string const text(trim(value));
    if (text.empty()) return std::nullopt;
    if (text.find_first_not_of("0123456789") == std::string::npos) {
        std::int64_t seconds = 0;
        auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
        return error == std::errc{} ? std::min(seconds, longest) : longest;
    }
    if (std::isalpha(static_cast<unsigned char>(text.front())) == 0)
        return std::nullopt;  // all forms begin with a weekday
    std::time_t const date = curl_getdate(text.c_str(), nullptr);
    if (date < 0) return std::nullopt;
    return std::clamp<std::int64_t>(date - now, 0, longest);
}

}  // namespace eryxon::gateway
