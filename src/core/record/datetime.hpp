// Dates and times as ERPs send them, read into calendar fields; time zones are pg/'s business.
#pragma once

#include "core/base/core.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace eryxon::core {

// A date that exists (years 1 to 9999, Gregorian) with an optional time of day and offset.
struct DateTime {
    std::int16_t year = 0;
    std::int8_t month = 0;  // 1-12
    std::int8_t day = 0;    // 1-31
    bool has_time = false;
    std::int8_t hour = 0;    // 0-23
    std::int8_t minute = 0;  // 0-59
    std::int8_t second = 0;  // 0-59
    int microsecond = 0;
    bool finer = false;                 // than a microsecond: digits behind the sixth are not all zeros
    std::optional<int> offset_seconds;  // east of UTC is positive

    bool is_midnight() const { return hour == 0 && minute == 0 && second == 0 && microsecond == 0 && !finer; }
};

// YYYY-MM-DD or YYYYMMDD, optionally T or a blank and h[h]:mm[:ss[.f]] and Z or +-hh[[:]mm]; or OData's /Date(ms)/.
// Anything else: nothing.
std::optional<DateTime> parse_datetime(std::string_view text);

// Days since 2000-01-01 (PostgreSQL's epoch), negative before.
std::int32_t days_since_2000(const DateTime& date);

}  // namespace eryxon::core
