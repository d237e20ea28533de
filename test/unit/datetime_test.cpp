// Dates and times: every form that is taken, what is none, the calendar, and days.
#include "core/record/datetime.hpp"

#include <gtest/gtest.h>
#include <array>
#include <chrono>
#include <cstdio>
#include <string>

namespace eryxon::core {
namespace {

// The parts of what was read, written out; "none" if nothing was.
std::string read(std::string_view text) {
    const std::optional<DateTime> value = parse_datetime(text);
    if (!value) return "none";
    char date[64];
    std::snprintf(date, sizeof date, "%04d-%02d-%02d", value->year, value->month, value->day);
    std::string result = date;
    if (value->has_time) {
        char time[64];
        std::snprintf(time, sizeof time, " %02d:%02d:%02d.%06d", value->hour, value->minute, value->second,
                      value->microsecond);
        result += time;
    }
    if (value->offset_seconds) result += " " + std::to_string(*value->offset_seconds);
    return result;
}

TEST(DateTime, TakesDates) {
    EXPECT_EQ(read("2026-12-31"), "2026-12-31");
    EXPECT_EQ(read("20261231"), "2026-12-31");
    EXPECT_EQ(read("0001-01-01"), "0001-01-01");
    EXPECT_EQ(read("99991231"), "9999-12-31");
    EXPECT_FALSE(parse_datetime("2026-12-31")->has_time);
    EXPECT_TRUE(parse_datetime("2026-12-31")->is_midnight());
}

TEST(DateTime, TakesTimes) {
    EXPECT_EQ(read("2026-12-31T23:59"), "2026-12-31 23:59:00.000000");
    EXPECT_EQ(read("2026-12-31 23:59:58"), "2026-12-31 23:59:58.000000");
    EXPECT_EQ(read("20261231T00:00:00.5"), "2026-12-31 00:00:00.500000");
    EXPECT_EQ(read("2026-12-31T10:20:30.123456"), "2026-12-31 10:20:30.123456");
    EXPECT_EQ(read("2026-12-31T10:20:30.12345600000"), "2026-12-31 10:20:30.123456");
    EXPECT_EQ(read("2026-12-31T10:20:30.000001"), "2026-12-31 10:20:30.000001");
    EXPECT_TRUE(parse_datetime("2026-12-31T00:00:00.000")->is_midnight());
    EXPECT_FALSE(parse_datetime("2026-12-31T00:00:00.000001")->is_midnight());
}

TEST(DateTime, TakesOffsets) {
    EXPECT_EQ(read("2026-12-31T10:00Z"), "2026-12-31 10:00:00.000000 0");
    EXPECT_EQ(read("2026-12-31T10:00:00.5+02"), "2026-12-31 10:00:00.500000 7200");
    EXPECT_EQ(read("2026-12-31 10:00-05:30"), "2026-12-31 10:00:00.000000 -19800");
    EXPECT_EQ(read("20261231 10:00:00+15:59"), "2026-12-31 10:00:00.000000 57540");
    EXPECT_EQ(read("2026-12-31T10:00-00:00"), "2026-12-31 10:00:00.000000 0");
    EXPECT_EQ(read("2026-04-03T10:15:00.000+0000"), "2026-04-03 10:15:00.000000 0");
    EXPECT_EQ(read("2026-04-03T10:15:00.000-0530"), "2026-04-03 10:15:00.000000 -19800");
}

TEST(DateTime, TakesHoursOfOneDigit) {
    EXPECT_EQ(read("2026-12-31 9:05"), "2026-12-31 09:05:00.000000");
    EXPECT_EQ(read("2026-12-31T0:00:01Z"), "2026-12-31 00:00:01.000000 0");
}

TEST(DateTime, TakesMillisecondsOfOData) {
    EXPECT_EQ(read("/Date(0)/"), "1970-01-01 00:00:00.000000 0");
    EXPECT_EQ(read("/Date(1775174400000)/"), "2026-04-03 00:00:00.000000 0");
    EXPECT_EQ(read("/Date(1775211300123+0120)/"), "2026-04-03 10:15:00.123000 0");
    EXPECT_EQ(read("/Date(-1)/"), "1969-12-31 23:59:59.999000 0");
    EXPECT_EQ(read("/Date(951782400000)/"), "2000-02-29 00:00:00.000000 0");
    EXPECT_EQ(read("/Date(-62135596800000)/"), "0001-01-01 00:00:00.000000 0");
    EXPECT_EQ(read("/Date(253402300799999)/"), "9999-12-31 23:59:59.999000 0");
    for (const char* text :
         {"/Date()/", "/Date(-)/", "/Date(1)", "/Date(1)/ ", "/Date(1.5)/", "/Date(1+)/", "/Date(--1)/",
          "/Date(253402300800000)/", "/Date(-62135596800001)/", "/Date(99999999999999999999)/"})
        EXPECT_EQ(read(text), "none") << text;
}

TEST(DateTime, TellsAFractionFinerThanAMicrosecond) {
    EXPECT_FALSE(parse_datetime("2026-12-31T10:20:30.1234560Z")->finer);
    EXPECT_TRUE(parse_datetime("2026-12-31T10:20:30.1234567Z")->finer);
    EXPECT_TRUE(parse_datetime("2026-12-31T10:20:30.12345600001")->finer);
    EXPECT_FALSE(parse_datetime("2026-12-31T00:00:00.0000001Z")->is_midnight());
}

TEST(DateTime, TakesNothingElse) {
    for (const char* text : {"",
                             " ",
                             "31-12-2026",
                             "31.12.2026",
                             "12/31/2026",
                             "2026/12/31",
                             "2026-1-1",
                             "2026-12",
                             "202612",
                             "2026",
                             "26-12-31",
                             "2026-1231",
                             "202612-31",
                             "2026-12-31 ",
                             " 2026-12-31",
                             "2026-12-31T",
                             "2026-12-31T10",
                             "2026-12-31T10:",
                             "2026-12-31T10:0",
                             "2026-12-31T1000",
                             "2026-12-31t10:00",
                             "2026-12-31T10:00z",
                             "2026-12-31  10:00",
                             "2026-12-31T10:00:",
                             "2026-12-31T10:00:0",
                             "2026-12-31T10:00:00.",
                             "2026-12-31T10:00:00,5",
                             "2026-12-31T10:00.5",
                             "2026-12-31Z",
                             "2026-12-31+02",
                             "2026-12-31T10:00+2",
                             "2026-12-31T10:00+02:",
                             "2026-12-31T10:00+02:0",
                             "2026-12-31T10:00 +02",
                             "2026-12-31T10:00+16",
                             "2026-12-31T10:00+02:60",
                             "2026-12-31T10:00ZZ",
                             "2026-12-31T10:00Z ",
                             "today",
                             "infinity",
                             "2026-12-31T24:00",
                             "2026-12-31T10:60",
                             "2026-12-31T10:00:60",
                             "-2026-12-31",
                             "+2026-12-31",
                             "20261231 BC",
                             "2026-W01-1",
                             "2026-365",
                             "00000000",
                             "0000-01-01",
                             "10000-01-01",
                             "2026-00-10",
                             "2026-13-01",
                             "2026-01-00",
                             "2026-01-32",
                             "2026-04-31",
                             "２０２６-01-01"}) {
        EXPECT_EQ(read(text), "none") << text;
    }
    EXPECT_FALSE(parse_datetime(std::string_view("2026-12-31\0", 11)).has_value());
}

TEST(DateTime, KnowsLeapYears) {
    EXPECT_EQ(read("2024-02-29"), "2024-02-29");
    EXPECT_EQ(read("2000-02-29"), "2000-02-29");
    EXPECT_EQ(read("2023-02-29"), "none");
    EXPECT_EQ(read("1900-02-29"), "none");
    EXPECT_EQ(read("2100-02-29"), "none");
    EXPECT_EQ(read("2024-02-30"), "none");
}

// Every day of the calendar, against the standard library's.
TEST(DateTime, CountsEveryDay) {
    using namespace std::chrono;
    const sys_days epoch = year(2000) / January / 1;
    for (sys_days day = year(1) / January / 1; day <= sys_days(year(9999) / December / 31); day += days(1)) {
        const year_month_day date(day);
        char text[16];
        std::snprintf(text, sizeof text, "%04d%02u%02u", static_cast<int>(date.year()),
                      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
        const std::optional<DateTime> value = parse_datetime(text);
        ASSERT_TRUE(value.has_value()) << text;
        ASSERT_EQ(days_since_2000(*value), (day - epoch).count()) << text;
    }
}

// Of all eight-digit texts with a day from 00 to 39 and a month from 00 to 19, just the existing days are taken.
TEST(DateTime, RefusesEveryDayThatIsNone) {
    using namespace std::chrono;
    for (const int y : {1, 1600, 1900, 2000, 2023, 2024, 9999}) {
        for (unsigned m = 0; m < 20; ++m) {
            for (unsigned d = 0; d < 40; ++d) {
                char text[16];
                std::snprintf(text, sizeof text, "%04d%02u%02u", y, m, d);
                EXPECT_EQ(parse_datetime(text).has_value(), (year(y) / month(m) / day(d)).ok()) << text;
            }
        }
    }
}

}  // namespace
}  // namespace eryxon::core
