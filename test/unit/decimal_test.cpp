// Exact decimals: the grammar, the questions asked of them, comparing, and numeric's limits.
#include "core/json/decimal.hpp"

#include "seed.hpp"

#include <gtest/gtest.h>
#include <limits>
#include <string>

namespace eryxon::core {
namespace {

Decimal decimal(std::string_view text) {
    const std::optional<Decimal> number = parse_decimal(text);
    EXPECT_TRUE(number.has_value()) << text;
    return number.value_or(Decimal{});
}

TEST(Decimal, ReadsSignDigitsAndExponent) {
    const Decimal number = decimal("-12.3400e5");
    EXPECT_TRUE(number.negative);
    EXPECT_EQ(number.digits, "1234");
    EXPECT_EQ(number.exponent, 7);
    EXPECT_EQ(decimal("0.00120").digits, "12");
    EXPECT_EQ(decimal("0.00120").exponent, -2);
    EXPECT_EQ(decimal("100").digits, "1");
    EXPECT_EQ(decimal("100").exponent, 3);
}

TEST(Decimal, ZeroHasOneForm) {
    for (const char* text : {"0", "-0", "0.000", "0e17", "-0.0E-3", "0e99999999999999999999999"}) {
        const Decimal number = decimal(text);
        EXPECT_TRUE(number.is_zero()) << text;
        EXPECT_FALSE(number.negative) << text;
        EXPECT_EQ(number.exponent, 0) << text;
    }
}

TEST(Decimal, TakesNothingButJsonNumbers) {
    for (const char* text : {"",   " ",   "-",     "+1",  "1.",  ".5",  " 1",       "1 ",  "0x1",  "01", "-01",
                             "1e", "1e+", "1e1.5", "1,5", "--1", "NaN", "Infinity", "1_0", "1e5 ", "١",  "1\n"}) {
        EXPECT_FALSE(parse_decimal(text).has_value()) << text;
    }
    EXPECT_FALSE(parse_decimal(std::string_view("1\0", 2)).has_value());
    EXPECT_FALSE(parse_decimal("1e99999999999999999999").has_value());
    EXPECT_FALSE(parse_decimal("1e-99999999999999999999").has_value());
}

TEST(Decimal, KnowsIntegersAndDigits) {
    EXPECT_TRUE(decimal("25.0").is_integer());
    EXPECT_TRUE(decimal("2.5e1").is_integer());
    EXPECT_TRUE(decimal("0").is_integer());
    EXPECT_TRUE(decimal("1e300").is_integer());
    EXPECT_FALSE(decimal("12.5").is_integer());
    EXPECT_FALSE(decimal("1e-1").is_integer());
    EXPECT_EQ(decimal("12.50").scale(), 1);
    EXPECT_EQ(decimal("0.001").scale(), 3);
    EXPECT_EQ(decimal("1200").scale(), 0);
    EXPECT_EQ(decimal("0.0").scale(), 0);
    EXPECT_EQ(decimal("1200").integer_digits(), 4);
    EXPECT_EQ(decimal("12.5").integer_digits(), 2);
    EXPECT_EQ(decimal("0.05").integer_digits(), 0);
    EXPECT_EQ(decimal("0").integer_digits(), 0);
}

TEST(Decimal, ConvertsToIntegersThatFit) {
    EXPECT_EQ(to_int64(decimal("0")), 0);
    EXPECT_EQ(to_int64(decimal("-0.0")), 0);
    EXPECT_EQ(to_int64(decimal("25.0")), 25);
    EXPECT_EQ(to_int64(decimal("-2.5e1")), -25);
    EXPECT_EQ(to_int64(decimal("9223372036854775807")), std::numeric_limits<std::int64_t>::max());
    EXPECT_EQ(to_int64(decimal("-9223372036854775808")), std::numeric_limits<std::int64_t>::min());
    EXPECT_EQ(to_int64(decimal("9223372036854775808")), std::nullopt);
    EXPECT_EQ(to_int64(decimal("-9223372036854775809")), std::nullopt);
    EXPECT_EQ(to_int64(decimal("1e18")), 1'000'000'000'000'000'000);
    EXPECT_EQ(to_int64(decimal("1e19")), std::nullopt);
    EXPECT_EQ(to_int64(decimal("1e1000000000")), std::nullopt);
    EXPECT_EQ(to_int64(decimal("0.5")), std::nullopt);
}

TEST(Decimal, ComparesByValue) {
    const char* const rising[] = {"-1e400",
                                  "-1e39",
                                  "-1000",
                                  "-999.5",
                                  "-1.01",
                                  "-1",
                                  "-0.1",
                                  "-1e-400",
                                  "0",
                                  "1e-400",
                                  "0.1",
                                  "0.10000000000000000001",
                                  "0.2",
                                  "1",
                                  "1.01",
                                  "9",
                                  "10",
                                  "9007199254740992",
                                  "9007199254740993",
                                  "1e39",
                                  "1.1e400"};
    for (std::size_t i = 0; i < std::size(rising); ++i) {
        for (std::size_t j = 0; j < std::size(rising); ++j) {
            EXPECT_EQ(compare(decimal(rising[i]), decimal(rising[j])), i < j   ? -1
                                                                       : i > j ? 1
                                                                               : 0)
                << rising[i] << " " << rising[j];
        }
    }
    EXPECT_EQ(compare(decimal("1.0"), decimal("1e0")), 0);
    EXPECT_EQ(compare(decimal("-0"), decimal("0")), 0);
}

TEST(Decimal, ComparesAsIntegersDo) {
    std::mt19937_64 random(test_seed());
    for (int i = 0; i < 10'000; ++i) {
        const auto a = static_cast<std::int64_t>(random()) >> random() % 64;
        const auto b = random() % 3 == 0 ? a + static_cast<std::int64_t>(random() % 3) - 1
                                         : static_cast<std::int64_t>(random()) >> random() % 64;
        EXPECT_EQ(compare(decimal(std::to_string(a)), decimal(std::to_string(b))), a < b ? -1 : a > b ? 1 : 0);
        EXPECT_EQ(to_int64(decimal(std::to_string(a))), a);
        EXPECT_EQ(plain_text(decimal(std::to_string(a))), std::to_string(a));
    }
}

TEST(Decimal, WritesPlainNotation) {
    EXPECT_EQ(plain_text(decimal("1e-3")), "0.001");
    EXPECT_EQ(plain_text(decimal("-1.2e3")), "-1200");
    EXPECT_EQ(plain_text(decimal("12.3400")), "12.34");
    EXPECT_EQ(plain_text(decimal("-0.0")), "0");
    EXPECT_EQ(plain_text(decimal("0.5")), "0.5");
    EXPECT_EQ(plain_text(decimal("1e30")), "1000000000000000000000000000000");
}

TEST(Decimal, KnowsWhatNumericHolds) {
    EXPECT_TRUE(fits_numeric("0"));
    EXPECT_TRUE(fits_numeric("-12.5"));
    EXPECT_TRUE(fits_numeric("1e131071"));
    EXPECT_FALSE(fits_numeric("1e131072"));
    EXPECT_TRUE(fits_numeric("0e131072"));
    EXPECT_TRUE(fits_numeric("0.0001e131075"));
    EXPECT_FALSE(fits_numeric("0.0001e131076"));
    EXPECT_TRUE(fits_numeric("1e-16383"));
    EXPECT_FALSE(fits_numeric("1e-16384"));
    EXPECT_FALSE(fits_numeric("1e1000000000000"));
    EXPECT_FALSE(fits_numeric("abc"));
    EXPECT_FALSE(fits_numeric(""));
}

}  // namespace
}  // namespace eryxon::core
