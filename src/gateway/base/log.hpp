// What the gateway writes to stderr: an access line for each request, and messages. Always logfmt, always one line.
#pragma once

#include <string>
#include <string_view>

namespace eryxon::gateway {

// One line in the making: name=value pairs, values from outside as JSON strings.
class LogLine {
public:
    explicit LogLine(std::string_view level);

    LogLine& plain(std::string_view name, std::string_view value);   // for values of the gateway's own making
    LogLine& quoted(std::string_view name, std::string_view value);  // for everything else
    LogLine& number(std::string_view name, unsigned long long value);
    LogLine& milliseconds(std::string_view name, double value);
    // The line, with its end.
    std::string text() const { return text_ + '\n'; }
    // To stderr: at once, or by the thread that writes the log.
    void write();

private:
    std::string text_;
};

}  // namespace eryxon::gateway
