// Reads the forms of dates and times that the contract names, and counts days.
#include "core/record/datetime.hpp"

#include <array>
#include <charconv>
#include <cstddef>

namespace eryxon::core {

namespace {

// What is left of the text while it is read from left to right.
class Cursor {
public:
    explicit Cursor(std::string_view text) : text_(text) {}

    bool at_end() const { return text_.empty(); }
    bool next_is_digit() const { return !text_.empty() && is_digit(text_.front()); }

    // How many digits come next.
    std::size_t digits() const {
        std::size_t count = 0;
        while (count < text_.size() && is_digit(text_[count]))
            ++count;
        return count;
    }

    // Takes all digits that come next as one number, of at most fifteen.
    bool take_digits(std::int64_t& value) {
        const auto end = std::from_chars(text_.data(), text_.data() + digits(), value);
        const bool taken = next_is_digit() && digits() <= 15 && end.ec == std::errc();
        if (taken) text_.remove_prefix(digits());
        return taken;
    }

    // Takes the text if it comes next.
    bool take(std::string_view wanted) {
        if (!text_.starts_with(wanted)) return false;
        text_.remove_prefix(wanted.size());
        return true;
    }

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

// h[h]:mm[:ss[.f]]
bool read_time(Cursor& cursor, DateTime& time) {
    time.has_time = true;
    if (!cursor.take_number(cursor.digits() == 1 ? 1 : 2, 0, 23, time.hour) || !cursor.take(':')) return false;
    if (!cursor.take_number(2, 0, 59, time.minute)) return false;
    if (!cursor.take(':')) return true;
    if (!cursor.take_number(2, 0, 59, time.second)) return false;
    return !cursor.take('.') || read_fraction(cursor, time);
}

// Z, +-hh, +-hhmm or +-hh:mm, or nothing; PostgreSQL knows offsets up to 15:59.
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
    if ((cursor.take(':') || cursor.next_is_digit()) && !cursor.take_number(2, 0, 59, minutes)) return false;
    const int seconds = hours * 3600 + minutes * 60;
    offset_seconds = west ? -seconds : seconds;
    return true;
}

// The date so many days after 0001-01-01. Years begin in March here, so that the leap day comes last.
void set_date(std::int64_t days, DateTime& date) {
    days += 306;  // from 0000-03-01
    const std::int64_t period = days / 146'097;
    const auto day_of_period = static_cast<int>(days % 146'097);
    const int year_of_period =
        (day_of_period - day_of_period / 1'460 + day_of_period / 36'524 - day_of_period / 146'096) / 365;
    const int day_of_year = day_of_period - (365 * year_of_period + year_of_period / 4 - year_of_period / 100);
    const int month = (5 * day_of_year + 2) / 153;
    date.day = static_cast<std::int8_t>(day_of_year - (153 * month + 2) / 5 + 1);
    date.month = static_cast<std::int8_t>(month < 10 ? month + 3 : month - 9);
    date.year = static_cast<std::int16_t>(year_of_period + 400 * period + (date.month <= 2));
}

// The time of day that is so many milliseconds after midnight.
void set_time(int milliseconds, DateTime& time) {
    time.has_time = true;
    time.hour = static_cast<std::int8_t>(milliseconds / 3'600'000);
    time.minute = static_cast<std::int8_t>(milliseconds / 60'000 % 60);
    time.second = static_cast<std::int8_t>(milliseconds / 1'000 % 60);
    time.microsecond = milliseconds % 1'000 * 1'000;
}

// OData's /Date(ms)/ or /Date(ms+mmmm)/: milliseconds since 1970 in UTC. The minutes say only where the sender is.
std::optional<DateTime> read_odata(Cursor& cursor) {
    constexpr std::int64_t day = 86'400'000;
    constexpr std::int64_t least = -62'135'596'800'000, most = 253'402'300'799'999;  // years 1 to 9999
    const bool negative = cursor.take('-');
    std::int64_t ms = 0, minutes = 0;
    if (!cursor.take_digits(ms)) return std::nullopt;
    if ((cursor.take('+') || cursor.take('-')) && !cursor.take_digits(minutes)) return std::nullopt;
    if (!cursor.take(")/") || !cursor.at_end()) return std::nullopt;
    if (negative) ms = -ms;
    if (ms < least || ms > most) return std::nullopt;
    DateTime result;
    set_date((ms - least) / day, result);
    set_time(static_cast<int>((ms - least) % day), result);
    result.offset_seconds = 0;
    return result;
}

}  // namespace

// Reads a date and what may follow it, to the end of the text.
std::optional<DateTime> parse_datetime(std::string_view text) {
    Cursor cursor(text);
    if (cursor.take("/Date(")) return read_odata(cursor);
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
