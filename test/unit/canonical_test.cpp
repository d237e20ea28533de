// The canonical form and its hash: RFC 8785's published examples, the rule for exact numbers, and collisions.
#include "core/json/canonical.hpp"

#include "core/json/decimal.hpp"
#include "seed.hpp"

#include <gtest/gtest.h>
#include <bit>
#include <charconv>
#include <cmath>
#include <set>
#include <string>

namespace eryxon::core {
namespace {

std::string canonical_number(std::string_view token) {
    std::string out;
    write_canonical_number(token, out);
    return out;
}

std::string canonical(std::string_view text) {
    JsonArena arena;
    std::string out;
    write_canonical(parse_json(text, arena), out);
    return out;
}

std::string hash_of(std::string_view text) {
    JsonArena arena;
    return sync_hash(parse_json(text, arena));
}

// The shortest text from which the double can be read back, in scientific notation.
std::string shortest(double value) {
    char buffer[64];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific).ptr;
    return {buffer, end};
}

// ECMAScript's Number::toString of a shortest scientific text, step by step as ECMA-262 words it.
std::string ecmascript(std::string text) {
    std::string sign;
    if (text.front() == '-') {
        sign = "-";
        text.erase(0, 1);
    }
    const auto e = text.find('e');
    const int n = std::stoi(text.substr(e + 1)) + 1;
    std::string s = text.substr(0, e);
    std::erase(s, '.');
    while (s.size() > 1 && s.back() == '0')
        s.pop_back();
    if (s == "0") return "0";
    const int k = static_cast<int>(s.size());
    if (k <= n && n <= 21) return sign + s + std::string(static_cast<std::size_t>(n - k), '0');
    if (0 < n && n <= 21)
        return sign + s.substr(0, static_cast<std::size_t>(n)) + "." + s.substr(static_cast<std::size_t>(n));
    if (-6 < n && n <= 0) return sign + "0." + std::string(static_cast<std::size_t>(-n), '0') + s;
    const std::string exponent = (n - 1 < 0 ? "e-" : "e+") + std::to_string(std::abs(n - 1));
    return sign + s.substr(0, 1) + (k > 1 ? "." + s.substr(1) : "") + exponent;
}

TEST(CanonicalNumber, PublishedTableOfRfc8785) {
    const struct {
        std::uint64_t bits;
        const char* text;
    } table[] = {
        {0x0000000000000000, "0"},
        {0x8000000000000000, "0"},
        {0x0000000000000001, "5e-324"},
        {0x8000000000000001, "-5e-324"},
        {0x7fefffffffffffff, "1.7976931348623157e+308"},
        {0xffefffffffffffff, "-1.7976931348623157e+308"},
        {0x4340000000000000, "9007199254740992"},
        {0xc340000000000000, "-9007199254740992"},
        {0x4430000000000000, "295147905179352830000"},
        {0x44b52d02c7e14af5, "9.999999999999997e+22"},
        {0x44b52d02c7e14af6, "1e+23"},
        {0x44b52d02c7e14af7, "1.0000000000000001e+23"},
        {0x444b1ae4d6e2ef4e, "999999999999999700000"},
        {0x444b1ae4d6e2ef4f, "999999999999999900000"},
        {0x444b1ae4d6e2ef50, "1e+21"},
        {0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7"},
        {0x3eb0c6f7a0b5ed8d, "0.000001"},
        {0x41b3de4355555553, "333333333.3333332"},
        {0x41b3de4355555554, "333333333.33333325"},
        {0x41b3de4355555555, "333333333.3333333"},
        {0x41b3de4355555556, "333333333.3333334"},
        {0x41b3de4355555557, "333333333.33333343"},
        {0xbecbf647612f3696, "-0.0000033333333333333333"},
        {0x43143ff3c1cb0959, "1424953923781206.2"},
    };
    for (const auto& row : table) {
        EXPECT_EQ(canonical_number(shortest(std::bit_cast<double>(row.bits))), row.text);
        EXPECT_EQ(canonical_number(row.text), row.text);
    }
}

TEST(CanonicalNumber, NumbersThatDoublesCannotHoldKeepTheirDigits) {
    EXPECT_EQ(canonical_number("9007199254740993"), "9007199254740993");
    EXPECT_EQ(canonical_number("0.10000000000000000001"), "0.10000000000000000001");
    EXPECT_EQ(canonical_number("1e400"), "1e+400");
    EXPECT_EQ(canonical_number("1E400"), "1e+400");
    EXPECT_EQ(canonical_number("-1e-400"), "-1e-400");
    EXPECT_EQ(canonical_number("123456789012345683968"), "123456789012345683968");
    EXPECT_EQ(canonical_number("123456789012345680000"), "123456789012345680000");
    EXPECT_EQ(canonical_number("123456789012345678901234567890"), "1.2345678901234567890123456789e+29");
    EXPECT_EQ(canonical_number("0.123456789012345678901234567890"), "0.12345678901234567890123456789");
    EXPECT_EQ(canonical_number("1" + std::string(400, '0')), "1e+400");
}

TEST(CanonicalNumber, OneTextForEachNumber) {
    for (const char* token :
         {"1", "1.0", "1e0", "1E+0", "10e-1", "0.1e1", "0.0001e4", "1.000000000000000000000000000"}) {
        EXPECT_EQ(canonical_number(token), "1") << token;
    }
    for (const char* token : {"0", "-0", "0.0", "-0.000", "0e5", "-0E-5"})
        EXPECT_EQ(canonical_number(token), "0") << token;
    for (const char* token : {"-1500", "-1.5e3", "-15E2", "-1500.000"})
        EXPECT_EQ(canonical_number(token), "-1500") << token;
    for (const char* token : {"1e21", "1000000000000000000000", "10e20"})
        EXPECT_EQ(canonical_number(token), "1e+21") << token;
    for (const char* token : {"1e20", "100000000000000000000", "0.1e21"})
        EXPECT_EQ(canonical_number(token), "100000000000000000000");
}

TEST(CanonicalNumber, LayoutAtItsEdges) {
    EXPECT_EQ(canonical_number("1e-6"), "0.000001");
    EXPECT_EQ(canonical_number("1e-7"), "1e-7");
    EXPECT_EQ(canonical_number("1.5e-7"), "1.5e-7");
    EXPECT_EQ(canonical_number("0.0000012"), "0.0000012");
    EXPECT_EQ(canonical_number("0.00000012"), "1.2e-7");
    EXPECT_EQ(canonical_number("999999999999999999999"), "999999999999999999999");
    EXPECT_EQ(canonical_number("9999999999999999999999"), "9.999999999999999999999e+21");
    EXPECT_EQ(canonical_number("123456789012345678901.5"), "123456789012345678901.5");
    EXPECT_EQ(canonical_number("1234567890123456789012.5"), "1.2345678901234567890125e+21");
    EXPECT_EQ(canonical_number("12.50"), "12.5");
    EXPECT_EQ(canonical_number("100"), "100");
}

// The rule in the words of the contract: through the nearest double if its text is exact.
std::string by_the_rule(const std::string& token) {
    double nearest = 0;
    const auto read = std::from_chars(token.data(), token.data() + token.size(), nearest);
    const Decimal number = *parse_decimal(token);
    if (read.ec == std::errc{} && std::isfinite(nearest)) {
        const std::string text = ecmascript(shortest(nearest));
        if (compare(*parse_decimal(text), number) == 0) return text;
    }
    if (number.is_zero()) return "0";
    return ecmascript((number.negative ? "-" : "") + number.digits.substr(0, 1) + "." + number.digits.substr(1) + "0e" +
                      std::to_string(number.exponent - 1));
}

TEST(CanonicalNumber, AgreesWithTheRuleOnRandomNumbers) {
    std::mt19937_64 random(test_seed());
    for (int i = 0; i < 20'000; ++i) {
        const double value = std::bit_cast<double>(random());
        if (!std::isfinite(value)) continue;
        std::string token = shortest(value);
        EXPECT_EQ(canonical_number(token), ecmascript(token)) << token;
        EXPECT_EQ(canonical_number(token), by_the_rule(token)) << token;
        token.insert(token.find('e'), token.find('.') == std::string::npos ? ".0001" : "0001");
        EXPECT_EQ(canonical_number(token), by_the_rule(token)) << token;
        const std::string integer = std::to_string(static_cast<std::int64_t>(random()) >> random() % 64);
        EXPECT_EQ(canonical_number(integer), by_the_rule(integer));
        const std::string money =
            std::to_string(random() % 1'000'000) + "." + std::to_string(100 + random() % 900).substr(1);
        EXPECT_EQ(canonical_number(money), by_the_rule(money));
    }
}

// A random number as digits and exponent: short, long, and at the edge of what doubles hold.
struct RandomNumber {
    bool negative;
    std::string digits;
    int exponent;

    explicit RandomNumber(std::mt19937_64& random)
        : negative(random() % 2 == 0), exponent(static_cast<int>(random() % 60) - 30) {
        const std::size_t count = 1 + random() % (random() % 2 == 0 ? 6 : 40);
        for (std::size_t i = 0; i < count; ++i)
            digits.push_back(static_cast<char>('0' + random() % 10));
        if (random() % 4 == 0) digits = std::to_string((std::uint64_t{1} << 53) + random() % 16);
        digits.front() = static_cast<char>('1' + random() % 9);
    }

    // The number with its point somewhere: the same value, another text.
    std::string text(std::mt19937_64& random) const {
        const auto shift = static_cast<int>(random() % 5);
        const std::string padded = digits + std::string(static_cast<std::size_t>(shift), '0');
        std::string result = (negative ? "-" : "") + padded.substr(0, 1);
        if (padded.size() > 1) result += "." + padded.substr(1);
        return result + (random() % 2 == 0 ? "e" : "E") + std::to_string(exponent);
    }
};

// Changes the number so that its value is another one for sure.
void change(RandomNumber& number, std::mt19937_64& random) {
    switch (random() % 4) {
        case 0:
            number.negative = !number.negative;
            break;
        case 1:
            number.exponent += random() % 2 == 0 ? 1 : -1;
            break;
        case 2:
            number.digits += static_cast<char>('1' + random() % 9);
            break;
        default: {
            char& digit = number.digits[random() % number.digits.size()];
            const bool first = &digit == number.digits.data();
            const char old = digit;
            while (digit == old)
                digit = static_cast<char>((first ? '1' : '0') + random() % (first ? 9 : 10));
        }
    }
}

TEST(CanonicalNumber, TenThousandPairsNeverCollide) {
    std::mt19937_64 random(test_seed());
    for (int i = 0; i < 10'000; ++i) {
        const RandomNumber a(random);
        RandomNumber b = a;
        change(b, random);
        const std::string text_a = a.text(random);
        const std::string text_b = b.text(random);
        EXPECT_NE(canonical_number(text_a), canonical_number(text_b)) << text_a << " " << text_b;
        EXPECT_NE(hash_of(text_a), hash_of(text_b)) << text_a << " " << text_b;
        EXPECT_EQ(hash_of(text_a), hash_of(a.text(random))) << text_a;
        EXPECT_EQ(canonical_number(canonical_number(text_a)), canonical_number(text_a)) << text_a;
        EXPECT_EQ(compare(*parse_decimal(canonical_number(text_a)), *parse_decimal(text_a)), 0) << text_a;
    }
}

TEST(Canonical, PublishedSortingExampleOfRfc8785) {
    const char* text = R"({
        "\u20ac": "Euro Sign",
        "\r": "Carriage Return",
        "\ufb33": "Hebrew Letter Dalet With Dagesh",
        "1": "One",
        "\ud83d\ude00": "Emoji: Grinning Face",
        "\u0080": "Control",
        "\u00f6": "Latin Small Letter O With Diaeresis"
    })";
    EXPECT_EQ(canonical(text),
              "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u0080\":\"Control\",\"ö\":\"Latin Small Letter O With "
              "Diaeresis\","
              "\"€\":\"Euro Sign\",\"😀\":\"Emoji: Grinning Face\",\"\uFB33\":\"Hebrew Letter Dalet With Dagesh\"}");
}

// The RFC's first number, 333333333.33333329, is more exact than a double; this product keeps its digits.
TEST(Canonical, PublishedExampleOfRfc8785) {
    const std::string rest = R"(, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
        "literals": [null, true, false]
    })";
    const std::string expected = R"(,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"})";
    const std::string literals = R"({"literals":[null,true,false],"numbers":[)";
    EXPECT_EQ(canonical("{\"numbers\": [333333333.3333333" + rest), literals + "333333333.3333333" + expected);
    EXPECT_EQ(canonical("{\"numbers\": [333333333.33333329" + rest), literals + "333333333.33333329" + expected);
}

TEST(Canonical, SortsAtEveryDepthAndKeepsArrays) {
    EXPECT_EQ(canonical(R"( {"b":[{"z":1,"a":2},[3,1,2]],"a":{"y":{},"x":[]}} )"),
              R"({"a":{"x":[],"y":{}},"b":[{"a":2,"z":1},[3,1,2]]})");
    EXPECT_EQ(canonical(R"({"aaaaaaaab":1,"aaaaaaaa":2,"aaaaaaaaa":3,"":4})"),
              R"({"":4,"aaaaaaaa":2,"aaaaaaaaa":3,"aaaaaaaab":1})");
}

TEST(Canonical, IsItsOwnCanonicalForm) {
    for (const char* text :
         {"[1e21,1e-7,-0,0.5e3]", R"({"b":"\u2028\/","a":[null,true,{"c":"\ud83d\ude00"}]})", "\"\\u007f\""}) {
        EXPECT_EQ(canonical(canonical(text)), canonical(text));
    }
}

TEST(Hash, KnownDigests) {
    EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(hash_of("{}"), "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
    EXPECT_EQ(hash_of(R"({"b":1.0,"a":"ä"})"), sha256_hex("{\"a\":\"ä\",\"b\":1}"));
}

TEST(Hash, EqualDocumentsHashAlike) {
    EXPECT_EQ(hash_of(R"({"a":1,"b":[2.50,"\u0041"]})"), hash_of(R"( { "b" : [ 25e-1 , "A" ] , "a" : 1.0 } )"));
    EXPECT_EQ(hash_of(R"({"a":0,"a":1})"), hash_of(R"({"a":1})"));
}

TEST(Hash, DifferentDocumentsHashDifferently) {
    std::set<std::string> hashes;
    const char* const documents[] = {"null",
                                     "false",
                                     "0",
                                     "\"\"",
                                     "[]",
                                     "{}",
                                     "[[]]",
                                     "[null]",
                                     "\"0\"",
                                     "\"null\"",
                                     "{\"\":null}",
                                     "{\"a\":1}",
                                     "{\"a\":\"1\"}",
                                     "[1,2]",
                                     "[2,1]",
                                     "[12]",
                                     "[\"1,2\"]",
                                     "9007199254740993",
                                     "9007199254740992"};
    for (const char* document : documents)
        hashes.insert(hash_of(document));
    EXPECT_EQ(hashes.size(), std::size(documents));
}

}  // namespace
}  // namespace eryxon::core
