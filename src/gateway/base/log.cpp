// Log lines: quoting keeps whatever a client sends inside its value.
#include "gateway/base/log.hpp"

#include "core/json/json.hpp"
#include "gateway/base/log_thread.hpp"

#include <simdjson.h>
#include <unistd.h>
#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>

namespace eryxon::gateway {

namespace {

constexpr std::size_t longest_value = 1024;  // bytes of one value

// Now as 2026-01-31T12:00:00.000Z.
std::string time_text() {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    tm parts{};
    gmtime_r(&now.tv_sec, &parts);
    std::array<char, 40> text{};
    std::size_t const size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
    std::snprintf(text.data() + size, text.size() - size, ".%03ldZ", now.tv_nsec / 1000000);
    return text.data();
}

// The text with every byte outside printable ASCII shown as \xNN.
std::string printable(std::string_view text) {
    std::string out;
    for (char const c : text.substr(0, longest_value)) {
        auto const byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte < 0x7f) {
            out.push_back(c);
        } else {
            std::array<char, 5> escape{};
            std::snprintf(escape.data(), escape.size(), "\\x%02x", byte);
            out.append(escape.data());
        }
    }
    return out;
}

}  // namespace

LogLine::LogLine(std::string_view level) {
    text_.reserve(256);
    text_.append("time=").append(time_text()).append(" level=").append(level);
}

LogLine& LogLine::plain(std::string_view name, std::string_view value) {
    text_.append(" ").append(name).append("=").append(value);
    return *this;
}

LogLine& LogLine::quoted(std::string_view name, std::string_view value) {
    text_.append(" ").append(name).append("=");
    core::write_json_string(printable(value), text_);
    return *this;
}

LogLine& LogLine::number(std::string_view name, unsigned long long value) {
    return plain(name, std::to_string(value));
}

LogLine& LogLine::milliseconds(std::string_view name, double value) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.2f", value);
    return plain(name, text.data());
}

void LogLine::write() {
    std::string const line = text();
    if (LogThread* const thread = log_thread())
        thread->put(line);
    else
        write_out(STDERR_FILENO, line);
}

}  // namespace eryxon::gateway
