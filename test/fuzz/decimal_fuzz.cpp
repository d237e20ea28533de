// Two numbers, one a line: normal form, plain notation that reads back, an order that is an order, and doubles that
// agree.
#include "core/json/decimal.hpp"

#include "core/json/canonical.hpp"
#include "input.hpp"

#include <charconv>
#include <cmath>
#include <string>

namespace {

using eryxon::require;
using eryxon::core::Decimal;

// Checks the form that every Decimal has.
void check_form(const Decimal& number) {
    if (number.is_zero()) {
        require(!number.negative && number.exponent == 0, "zero has one form");
        return;
    }
    require(number.digits.front() != '0' && number.digits.back() != '0', "no zeros at the ends");
    require(number.digits.find_first_not_of("0123456789") == std::string::npos, "nothing but digits");
    require(number.is_integer() == (number.scale() == 0), "an integer has no digits after the point");
}

// Checks what can be made of one number, if it is of a size that may be written out.
void check_texts(std::string_view text, const Decimal& number) {
    if (!eryxon::core::fits_numeric(text)) return;
    require(number.scale() <= 16383 && number.integer_digits() <= 131072, "numeric's limits");
    const auto plain = eryxon::core::parse_decimal(plain_text(number));
    require(plain && compare(*plain, number) == 0, "plain notation reads back");
    std::string canonical;
    eryxon::core::write_canonical_number(text, canonical);
    const auto again = eryxon::core::parse_decimal(canonical);
    require(again && compare(*again, number) == 0, "the canonical form reads back");
    const auto integer = to_int64(number);
    if (integer) require(plain_text(number) == std::to_string(*integer), "integers are exact");
}

// The nearest double, if there is one.
double nearest(std::string_view text) {
    double value = 0;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
    return result.ec == std::errc{} ? value : std::nan("");
}

// Checks the order of two numbers, and of their canonical texts.
void check_order(std::string_view text_a, const Decimal& a, std::string_view text_b, const Decimal& b) {
    const int order = compare(a, b);
    require(order == -compare(b, a) && compare(a, a) == 0, "an order");
    require((order == 0) == (a.negative == b.negative && a.digits == b.digits && a.exponent == b.exponent),
            "one form a value");
    const double double_a = nearest(text_a);
    const double double_b = nearest(text_b);
    if (double_a < double_b) require(order < 0, "doubles agree");
    if (double_a > double_b) require(order > 0, "doubles agree");
    std::string canonical_a;
    std::string canonical_b;
    eryxon::core::write_canonical_number(text_a, canonical_a);
    eryxon::core::write_canonical_number(text_b, canonical_b);
    require((canonical_a == canonical_b) == (order == 0), "one text a value");
}

}  // namespace

// One input of the fuzzer.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = eryxon::text_of(data, size);
    const std::size_t line = text.find('\n');
    const std::string_view text_a = text.substr(0, line);
    const std::string_view text_b = line == std::string_view::npos ? std::string_view("0") : text.substr(line + 1);
    const auto a = eryxon::core::parse_decimal(text_a);
    const auto b = eryxon::core::parse_decimal(text_b);
    if (a) check_form(*a);
    if (a) check_texts(text_a, *a);
    if (a && b) check_order(text_a, *a, text_b, *b);
    return 0;
}
