// A date that is taken exists, stays in its ranges, and is the same when read from its full form.
#include "core/record/datetime.hpp"

#include "input.hpp"

#include <chrono>
#include <cstdlib>
#include <string>

namespace {

using eryxon::require;
using eryxon::core::DateTime;

// Checks the ranges of all parts, and the day against the standard library's calendar.
void check(const DateTime& value) {
    using namespace std::chrono;
    const year_month_day date{year(value.year), month(static_cast<unsigned>(value.month)),
                              day(static_cast<unsigned>(value.day))};
    require(date.ok() && value.year >= 1 && value.year <= 9999, "the day exists");
    const sys_days epoch = year(2000) / January / 1;
    require(days_since_2000(value) == (sys_days(date) - epoch).count(), "days are counted right");
    require(value.hour >= 0 && value.hour < 24 && value.minute >= 0 && value.minute < 60, "hours and minutes in range");
    require(value.second >= 0 && value.second < 60 && value.microsecond >= 0 && value.microsecond < 1'000'000,
            "seconds in range");
    require(value.has_time || (value.is_midnight() && !value.offset_seconds), "no time without a time");
    require(!value.offset_seconds || std::abs(*value.offset_seconds) < 16 * 3600, "offset in range");
}

// The value in its longest form.
std::string written(const DateTime& value) {
    char text[96];
    std::snprintf(text, sizeof text, "%04d-%02d-%02d", value.year, value.month, value.day);
    std::string result = text;
    if (!value.has_time) return result;
    std::snprintf(text, sizeof text, "T%02d:%02d:%02d.%06d", value.hour, value.minute, value.second, value.microsecond);
    result += text;
    if (!value.offset_seconds) return result;
    const int offset = std::abs(*value.offset_seconds);
    std::snprintf(text, sizeof text, "%c%02d:%02d", *value.offset_seconds < 0 ? '-' : '+', offset / 3600,
                  offset / 60 % 60);
    return result + text;
}

bool equal(const DateTime& a, const DateTime& b) {
    return a.year == b.year && a.month == b.month && a.day == b.day && a.has_time == b.has_time && a.hour == b.hour &&
           a.minute == b.minute && a.second == b.second && a.microsecond == b.microsecond &&
           a.offset_seconds == b.offset_seconds;
}

}  // namespace

// One input of the fuzzer.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto value = eryxon::core::parse_datetime(eryxon::text_of(data, size));
    if (!value) return 0;
    check(*value);
    const auto again = eryxon::core::parse_datetime(written(*value));
    require(again && equal(*value, *again), "the same from its full form");
    return 0;
}
