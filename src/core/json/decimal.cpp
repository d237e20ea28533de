// Exact decimal arithmetic on the text of numbers: reading, comparing, converting; never through doubles.
#include "core/json/decimal.hpp"

#include "core/base/invisible.hpp"
#include "core/json/number_token.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

namespace eryxon::core {

namespace {

constexpr std::int64_t numeric_integer_digits = 131072;
constexpr std::int64_t numeric_scale = 16383;
constexpr std::int64_t numeric_exponent = std::numeric_limits<std::int32_t>::max() / 2;

// The digits at the start of the text, which is shortened by them.
std::string_view take_digits(std::string_view& text) {
    std::size_t count = 0;
    while (count < text.size() && text[count] >= '0' && text[count] <= '9')
        ++count;
    const std::string_view digits = text.substr(0, count);
    text.remove_prefix(count);
    return digits;
}

// True if the text starts with the character, which is then taken off.
bool take(std::string_view& text, char wanted) {
    if (text.empty() || text.front() != wanted) return false;
    text.remove_prefix(1);
    return true;
}

// Reads the digits of an exponent, cut off at the limit; false if there are none.
bool take_exponent(std::string_view& text, std::int64_t& exponent) {
    const bool negative = take(text, '-');
    if (!negative) take(text, '+');
    const std::string_view digits = take_digits(text);
    for (const char digit : digits)
        exponent = std::min(exponent * 10 + (digit - '0'), NumberToken::exponent_limit);
    if (negative) exponent = -exponent;
    return !digits.empty();
}

// A position among digits as an int, cut off at int's ends.
int clamp_to_int(std::int64_t value) {
    return static_cast<int>(std::min<std::int64_t>(value, std::numeric_limits<int>::max()));
}

// Appends the significant digits of the token, without zeros at the ends, and sets the exponent that belongs to them.
void set_digits(const NumberToken& token, Decimal& number) {
    number.digits.reserve(token.integer.size() + token.fraction.size());
    number.digits.append(token.integer).append(token.fraction);
    const std::size_t first = number.digits.find_first_not_of('0');
    if (first == std::string::npos) {
        number.digits.clear();
        return;
    }
    number.digits.erase(number.digits.find_last_not_of('0') + 1);
    number.digits.erase(0, first);
    number.negative = token.negative;
    number.exponent =
        token.exponent + static_cast<std::int64_t>(token.integer.size()) - static_cast<std::int64_t>(first);
}

// -1, 0, 1 as the magnitude of a is less than, equal to or greater than b's; neither is zero.
int compare_magnitudes(const Decimal& a, const Decimal& b) {
    if (a.exponent != b.exponent) return a.exponent < b.exponent ? -1 : 1;
    const int order = a.digits.compare(b.digits);
    return order < 0 ? -1 : order > 0 ? 1 : 0;
}

// -1, 0 or 1.
int sign(const Decimal& number) {
    return number.is_zero() ? 0 : number.negative ? -1 : 1;
}

}  // namespace

// Walks along the grammar: [-] integer [. digits] [e [+-] digits].
std::optional<NumberToken> scan_number(std::string_view text) {
    NumberToken token;
    token.negative = take(text, '-');
    token.integer = take_digits(text);
    if (token.integer.empty() || (token.integer.size() > 1 && token.integer.front() == '0')) return std::nullopt;
    if (take(text, '.')) {
        token.fraction = take_digits(text);
        if (token.fraction.empty()) return std::nullopt;
    }
    if (take(text, 'e') || take(text, 'E')) {
        token.has_exponent = true;
        if (!take_exponent(text, token.exponent)) return std::nullopt;
    }
    if (!text.empty()) return std::nullopt;
    return token;
}

// True if no digit stands after the point.
bool Decimal::is_integer() const {
    return static_cast<std::int64_t>(digits.size()) <= exponent || is_zero();
}

// The digits that plain notation needs after the point.
int Decimal::scale() const {
    return clamp_to_int(std::max<std::int64_t>(0, static_cast<std::int64_t>(digits.size()) - exponent));
}

// The digits that plain notation needs before the point.
std::int64_t Decimal::integer_digits() const {
    return std::max<std::int64_t>(0, exponent);
}

// Reads one number; exponents beyond the limit of the scanner are no numbers unless the value is zero.
std::optional<Decimal> parse_decimal(std::string_view text) {
    const std::optional<NumberToken> token = scan_number(text);
    if (!token) return std::nullopt;
    Decimal number;
    set_digits(*token, number);
    const bool cut_off =
        token->exponent == NumberToken::exponent_limit || -token->exponent == NumberToken::exponent_limit;
    if (cut_off && !number.is_zero()) return std::nullopt;
    return number;
}

// Leaves out what JSON does not have; what remains is put together again if it is a number.
std::string json_number(std::string_view text) {
    std::string_view rest = without_outer_space(text);
    const bool negative = take(rest, '-');
    if (!negative) take(rest, '+');
    std::string_view whole = take_digits(rest);
    const bool point = take(rest, '.');
    const std::string_view fraction = point ? take_digits(rest) : std::string_view();
    if (whole.empty() && fraction.empty()) return std::string(text);
    whole.remove_prefix(std::min(whole.find_first_not_of('0'), whole.size()));
    std::string number = negative ? "-" : "";
    number.append(whole.empty() ? "0" : whole).append(fraction.empty() ? "" : ".").append(fraction).append(rest);
    return scan_number(number) ? number : std::string(text);
}

// Judges the text as numeric's input does: the digits before the point by value, those after it as written.
bool fits_numeric(std::string_view text) {
    const std::optional<NumberToken> token = scan_number(text);
    if (!token) return false;
    if (token->exponent >= numeric_exponent || token->exponent <= -numeric_exponent) return false;
    if (static_cast<std::int64_t>(token->fraction.size()) - token->exponent > numeric_scale) return false;
    const std::int64_t most = static_cast<std::int64_t>(token->integer.size()) + token->exponent;
    if (most <= numeric_integer_digits) return true;
    Decimal number;
    set_digits(*token, number);
    return number.exponent <= numeric_integer_digits;
}

// Pads the digits with zeros up to the point and reads them.
std::optional<std::int64_t> to_int64(const Decimal& number) {
    constexpr std::int64_t most_digits = std::numeric_limits<std::int64_t>::digits10 + 1;
    if (number.is_zero()) return 0;
    if (!number.is_integer() || number.exponent > most_digits) return std::nullopt;
    const std::string text = plain_text(number);
    std::int64_t value = 0;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
    if (result.ec != std::errc{}) return std::nullopt;
    return value;
}

// Signs decide first, then magnitudes.
int compare(const Decimal& a, const Decimal& b) {
    const int sign_a = sign(a);
    const int sign_b = sign(b);
    if (sign_a != sign_b) return sign_a < sign_b ? -1 : 1;
    if (sign_a == 0) return 0;
    return sign_a * compare_magnitudes(a, b);
}

// Puts the point among, before or behind the digits.
std::string plain_text(const Decimal& number) {
    if (number.is_zero()) return "0";
    std::string text = number.negative ? "-" : "";
    const auto count = static_cast<std::int64_t>(number.digits.size());
    if (number.exponent <= 0) {
        text.append("0.").append(static_cast<std::size_t>(-number.exponent), '0').append(number.digits);
    } else if (number.exponent >= count) {
        text.append(number.digits).append(static_cast<std::size_t>(number.exponent - count), '0');
    } else {
        const auto point = static_cast<std::size_t>(number.exponent);
        text.append(number.digits, 0, point).append(1, '.').append(number.digits, point);
    }
    return text;
}

}  // namespace eryxon::core
