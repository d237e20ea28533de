// Reads the forms of dates and times that the contract names, and counts days.
#include "core/record/datetime.hpp"

#include <array>
#include <cstddef>

namespace eryxon::core {

namespace {

// What is left of the text while it is read from left to right.
class Cursor {
public:
    explicit Cursor(std::string_view text) : text_(text) {}

    bool at_end() const { return text_.empty(); }
    bool next_is_digit() const { return !text_.empty() && is_digit(text_.front()); }

    // Takes the character if it comes next.
    bool take(char wanted) {
        if (text_.empty() || text_.front() != wanted) return false;
        text_.remove_prefix(1);
        return true;
    }

    // Takes exactly so many digits and checks that their value is in the range.
    template <class Number>
    bool take_number(std::size_t count, int least, int most, Number& value) {
        if (text_.size() < count) return false;
        int number = 0;
        for (const char c : text_.substr(0, count)) {
            if (!is_digit(c)) return false;
            number = number * 10 + (c - '0');
        }
        text_.remove_prefix(count);
        value = static_cast<Number>(number);
        return number >= least && number <= most;
    }

private:
    static bool is_digit(char c) { return c >= '0' && c <= '9'; }

    std::string_view text_;
};

bool is_leap(int year) {
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

int days_in_month(int year, int month) {
    constexpr std::array<int, 12> days{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap(year) ? 29 : days[static_cast<std::size_t>(month - 1)];
}

// YYYY-MM-DD or YYYYMMDD.
bool read_date(Cursor& cursor, DateTime& date) {
    if (!cursor.take_number(4, 1, 9999, date.year)) return false;
    const bool hyphens = cursor.take('-');
    if (!cursor.take_number(2, 1, 12, date.month)) return false;
    if (hyphens && !cursor.take('-')) return false;
    return cursor.take_number(2, 1, days_in_month(date.year, date.month), date.day);
}

// The digits after a second's point, at least one.
bool read_fraction(Cursor& cursor, DateTime& time) {
    if (!cursor.next_is_digit()) return false;
    for (int weight = 100'000; cursor.next_is_digit(); weight /= 10) {
        int digit = 0;
        if (!cursor.take_number(1, 0, 9, digit)) return false;
        time.microsecond += digit * weight;
        time.finer |= weight == 0 && digit != 0;
    }
    return true;
}

// hh:mm[:ss[.f]]
bool read_time(Cursor& cursor, DateTime& time) {
    time.has_time = true;
    if (!cursor.take_number(2, 0, 23, time.hour) || !cursor.take(':')) return false;
    if (!cursor.take_number(2, 0, 59, time.minute)) return false;
    if (!cursor.take(':')) return true;
    if (!cursor.take_number(2, 0, 59, time.second)) return false;
    return !cursor.take('.') || read_fraction(cursor, time);
}

// Z, +-hh or +-hh:mm, or nothing; PostgreSQL knows offsets up to 15:59.
bool read_offset(Cursor& cursor, std::optional<int>& offset_seconds) {
    if (cursor.at_end()) return true;
    if (cursor.take('Z')) {
        offset_seconds = 0;
        return true;
    }
    const bool west = cursor.take('-');
    if (!west && !cursor.take('+')) return false;
    int hours = 0;
    int minutes = 0;
    if (!cursor.take_number(2, 0, 15, hours)) return false;
    if (cursor.take(':') && !cursor.take_number(2, 0, 59, minutes)) return false;
    const int seconds = hours * 3600 + minutes * 60;
    offset_seconds = west ? -seconds : seconds;
    return true;
}

}  // namespace

// Reads a date and what may follow it, to the end of the text.
std::optional<DateTime> parse_datetime(std::string_view text) {
    Cursor cursor(text);
    DateTime result;
    if (!read_date(cursor, result)) return std::nullopt;
    if (cursor.at_end()) return result;
    if (!cursor.take('T') && !cursor.take(' ')) return std::nullopt;
    if (!read_time(cursor, result) || !read_offset(cursor, result.offset_seconds)) return std::nullopt;
    if (!cursor.at_end()) return std::nullopt;
    return result;
}

// Counts days in years that start in March, so that the leap day comes last.
std::int32_t days_since_2000(const DateTime& date) {
    constexpr int days_to_2000 = 730'425;  // from 0000-03-01 to 2000-01-01
    const int year = date.month > 2 ? date.year : date.year - 1;
    const int month = (date.month + 9) % 12;
    const int day_of_year = (153 * month + 2) / 5 + date.day - 1;
    return 365 * year + year / 4 - year / 100 + year / 400 + day_of_year - days_to_2000;
}

}  // namespace eryxon::core
