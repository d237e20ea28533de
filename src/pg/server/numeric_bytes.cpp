// Numerics in their short form: length, a header with sign, digits after the point and weight, then digits to the base
// 10,000 without zeros at either end. The weight is the power of 10,000 of the first of them.
#include "pg/server/numeric_bytes.hpp"

#include "pg/server/boundary.hpp"

#include <algorithm>
#include <array>

extern "C" {
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"
}

namespace eryxon::pg {

namespace {

constexpr unsigned form_mask = 0xc000, short_form = 0x8000;
constexpr unsigned sign_bit = 0x2000;
constexpr unsigned scale_shift = 7, scale_mask = 0x3f;
constexpr unsigned weight_sign_bit = 0x40, weight_mask = 0x3f;

constexpr std::size_t group_size = 4;  // decimal digits of one digit
constexpr std::size_t most_token = 38;
constexpr std::size_t head_size = VARHDRSZ + sizeof(std::uint16_t);

// A number on its way between its two forms.
struct Digits {
    bool negative = false;
    int weight = 0;
    unsigned scale = 0;  // decimal digits after the point
    int count = 0;
    std::array<std::int16_t, (most_numeric_bytes - head_size) / sizeof(std::int16_t)> groups;

    void add(int group) { groups[count++] = static_cast<std::int16_t>(group); }
};

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// Adds the digits of the whole part, whose last group is full, or those of the fraction, whose first group is.
void add_groups(std::string_view digits, bool whole, Digits& number) {
    std::size_t const first = whole ? (digits.size() + group_size - 1) % group_size + 1 : group_size;
    for (std::size_t begin = 0, end = first; begin < digits.size(); begin = end, end += group_size) {
        int group = 0;
        for (std::size_t i = begin; i < end; i++)
            group = group * 10 + (i < digits.size() ? digits[i] - '0' : 0);
        number.add(group);
    }
}

// Takes off zeros at both ends. Zero has no sign.
void strip(Digits& number) {
    auto* const begin = number.groups.data();
    auto* const end = begin + number.count;
    auto* const first = std::find_if(begin, end, [](std::int16_t group) { return group != 0; });
    number.weight -= static_cast<int>(first - begin);
    number.count = static_cast<int>(std::copy(first, end, begin) - begin);
    while (number.count > 0 && number.groups[number.count - 1] == 0)
        number.count--;
    if (number.count > 0) return;
    number.weight = 0;
    number.negative = false;
}

// Reads a token without exponent; false if it is none, or long.
bool read_token(std::string_view token, Digits& number) {
    number.negative = token.starts_with('-');
    if (number.negative) token.remove_prefix(1);
    if (token.size() > most_token) return false;
    auto const whole_end = std::find_if_not(token.begin(), token.end(), is_digit);
    std::string_view const whole(token.begin(), whole_end);
    std::string_view fraction;
    if (whole_end != token.end()) fraction = token.substr(whole.size() + 1);
    bool const plain =
        whole_end == token.end() || (*whole_end == '.' && std::all_of(fraction.begin(), fraction.end(), is_digit));
    if (!plain) return false;
    add_groups(whole, true, number);
    number.weight = number.count - 1;
    number.scale = static_cast<unsigned>(fraction.size());
    add_groups(fraction, false, number);
    strip(number);
    return true;
}

// Writes the text of a numeric in short form.
class NumericWriter {
public:
    NumericWriter(unsigned header, const char* groups, int count) : header_(header), groups_(groups), count_(count) {}

    std::string_view write() {
        if ((header_ & sign_bit) != 0) *end_++ = '-';
        int const weight = static_cast<int>(header_ & weight_mask) - ((header_ & weight_sign_bit) != 0 ? 64 : 0);
        write_whole(weight);
        unsigned const scale = header_ >> scale_shift & scale_mask;
        if (scale > 0) write_fraction(weight, scale);
        return {text_.data(), static_cast<std::size_t>(end_ - text_.data())};
    }

private:
    // The first group without zeros in front of it.
    void write_whole(int weight) {
        char* const start = end_;
        for (int i = 0; i <= weight; i++)
            put(i);
        char* const digit = std::find_if(start, end_, [](char c) { return c != '0'; });
        end_ = std::copy(digit, end_, start);
        if (end_ == start) *end_++ = '0';
    }

    void write_fraction(int weight, unsigned scale) {
        *end_++ = '.';
        char* const start = end_;
        for (int i = weight + 1; end_ - start < static_cast<std::ptrdiff_t>(scale); i++)
            put(i);
        end_ = start + scale;
    }

    // Four digits; beyond the groups that are kept there are zeros.
    void put(int i) {
        std::int16_t group = 0;
        if (i >= 0 && i < count_) memcpy(&group, groups_ + i * sizeof group, sizeof group);
        for (int digit : {group / 1000, group / 100 % 10, group / 10 % 10, group % 10})
            *end_++ = static_cast<char>('0' + digit);
    }

    unsigned header_;
    const char* groups_;
    int count_;
    std::array<char, (weight_mask + 1 + scale_mask / group_size + 1) * group_size + 4> text_;
    char* end_ = text_.data();
};

}  // namespace

std::size_t put_numeric(std::string_view token, char* out) {
    Digits number;
    if (!read_token(token, number)) return 0;
    auto const weight = static_cast<unsigned>(number.weight) & weight_mask;
    auto const header =
        static_cast<std::uint16_t>(short_form | (number.negative ? sign_bit : 0) | number.scale << scale_shift |
                                   (number.weight < 0 ? weight_sign_bit : 0) | weight);
    std::size_t const body = number.count * sizeof number.groups[0];
    SET_VARSIZE(out, head_size + body);
    memcpy(out + VARHDRSZ, &header, sizeof header);
    memcpy(out + head_size, number.groups.data(), body);
    return head_size + body;
}

std::string_view numeric_text(const char* numeric, core::JsonArena& arena) {
    if (VARATT_IS_4B_U(numeric)) {
        std::uint16_t header;
        memcpy(&header, numeric + VARHDRSZ, sizeof header);
        auto const count = static_cast<int>((VARSIZE(numeric) - head_size) / sizeof(std::int16_t));
        if ((header & form_mask) == short_form)
            return arena.copy(NumericWriter(header, numeric + head_size, count).write());
    }
    return arena.copy(
        call([numeric] { return DatumGetCString(DirectFunctionCall1(numeric_out, PointerGetDatum(numeric))); }));
}

}  // namespace eryxon::pg
