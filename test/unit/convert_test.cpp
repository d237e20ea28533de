// Every value rule: what a JSON value becomes in each kind of column, what stands in the hash, and what is refused.
#include "core/record/convert.hpp"

#include "core/json/canonical.hpp"
#include "core/schema/rules.hpp"
#include "shop_schema.hpp"

#include <gtest/gtest.h>

namespace eryxon::core {
namespace {

// A row of a table: the JSON sent and what is expected of it, in words.
struct Case {
    std::string_view sent;
    std::string_view expected;
};

// What a value became.
struct Kept {
    Value value;
    Json hashed;
};

// An entity with one field over one column.
struct Bench {
    JsonArena arena;
    Schema schema;
    Options options;
    Entity entity;

    Bench(ValueKind kind, std::string_view rule, std::string_view name = "field") {
        entity.fields.push_back(read_rule(name, parse_json(rule, arena), arena));
        Column column;
        column.name = name;
        column.kind = kind;
        entity.columns.push_back(column);
        entity.fields.front().column = 0;
    }

    Column& column() { return entity.columns.front(); }

    std::optional<Fault> convert(std::string_view sent, Kept& out) {
        const ReadContext context{schema, options, arena, test::matches_pattern};
        return convert_value(entity, entity.fields.front(), parse_json(sent, arena), context, {out.value, out.hashed});
    }

    // The code of the fault, else the value as text and in the hash: "25 | 25".
    std::string convert(std::string_view sent) {
        Kept out;
        if (const auto fault = convert(sent, out)) {
            EXPECT_FALSE(fault->message.empty());
            return std::string(code_name(fault->code));
        }
        std::string hashed;
        write_canonical(out.hashed, hashed);
        return show(out.value) + " | " + hashed;
    }

    std::string show(const Value& value) {
        if (value.is_null) return "null";
        std::string json;
        switch (column().kind) {
            case ValueKind::integer:
            case ValueKind::boolean:
                return std::to_string(value.integer);
            case ValueKind::date:
            case ValueKind::timestamp:
            case ValueKind::timestamptz:
                return std::to_string(value.datetime.year) + '/' + std::to_string(value.datetime.month) + '/' +
                       std::to_string(value.datetime.day);
            case ValueKind::uuid:
                return to_string(value.uuid);
            case ValueKind::json:
            case ValueKind::text_array:
                write_json(value.json, json);
                return json;
            default:
                return std::string(value.text);
        }
    }

    void expect(std::initializer_list<Case> cases) {
        for (const auto& [sent, expected] : cases)
            EXPECT_EQ(convert(sent), expected) << "sent: " << sent;
    }
};

TEST(Convert, TextTakesStringsAndNumbers) {
    Bench(ValueKind::text, "{}")
        .expect(
            {{R"("abc")", R"(abc | "abc")"},
             {R"("")", R"( | "")"},
             {"1001", R"(1001 | "1001")"},
             {"-0", R"(0 | "0")"},
             {"12.50", R"(12.5 | "12.5")"},
             {"1e3", R"(1000 | "1000")"},
             {"1e21", R"(1000000000000000000000 | "1000000000000000000000")"},
             {"123456789012345678901234567890", R"(123456789012345678901234567890 | "123456789012345678901234567890")"},
             {"1.0", R"(1 | "1")"},
             {"1e-7", R"(1e-7 | "1e-7")"},
             {"null", "null | null"},
             {"true", "TYPE_MISMATCH"},
             {"[]", "TYPE_MISMATCH"},
             {"{}", "TYPE_MISMATCH"}});
}

TEST(Convert, IntegerTakesEveryExactSpelling) {
    Bench bench(ValueKind::integer, "{}");
    bench.column().min = -2147483648LL;
    bench.column().max = 2147483647;
    bench.expect({{"25", "25 | 25"},
                  {R"("25")", "25 | 25"},
                  {"25.0", "25 | 25"},
                  {R"("2.5e1")", "25 | 25"},
                  {"-0", "0 | 0"},
                  {"2147483647", "2147483647 | 2147483647"},
                  {"2147483648", "MAX_VALUE"},
                  {"-2147483649", "MIN_VALUE"},
                  {"1e30", "MAX_VALUE"},
                  {R"("-1e300000")", "MIN_VALUE"},
                  {"12.5", "TYPE_MISMATCH"},
                  {R"("12abc")", "TYPE_MISMATCH"},
                  {R"("")", "TYPE_MISMATCH"},
                  {R"("   25.000 ")", "25 | 25"},
                  {R"("\u00a0+25")", "25 | 25"},
                  {R"("0025")", "25 | 25"},
                  {R"("-025.")", "-25 | -25"},
                  {R"("000")", "0 | 0"},
                  {R"("2 5")", "TYPE_MISMATCH"},
                  {R"("+-25")", "TYPE_MISMATCH"},
                  {R"(".")", "TYPE_MISMATCH"},
                  {R"("25-")", "TYPE_MISMATCH"},
                  {R"("0x19")", "TYPE_MISMATCH"},
                  {"true", "TYPE_MISMATCH"},
                  {"[25]", "TYPE_MISMATCH"}});
}

TEST(Convert, LimitsAreExact) {
    Bench(ValueKind::integer, R"({"min":1,"max":9.5})")
        .expect({{"0", "MIN_VALUE"}, {"1", "1 | 1"}, {"9", "9 | 9"}, {"10", "MAX_VALUE"}});
    Bench(ValueKind::numeric, R"({"min":0.1})")
        .expect({{"0.1", "0.1 | 0.1"}, {"0.09999999999999999999", "MIN_VALUE"}, {"-1", "MIN_VALUE"}});
}

TEST(Convert, NumericKeepsItsDigitsAndNeverRounds) {
    Bench bench(ValueKind::numeric, "{}");
    bench.expect({{"12.50", "12.50 | 12.5"},
                  {R"("0.001")", "0.001 | 0.001"},
                  {"0.10000000000000000001", "0.10000000000000000001 | 0.10000000000000000001"},
                  {R"("1e200000")", "MAX_VALUE"},
                  {R"("-1e200000")", "MIN_VALUE"},
                  {R"("1e-20000")", "TYPE_MISMATCH"},
                  {R"("NaN")", "TYPE_MISMATCH"},
                  {R"("1,5")", "TYPE_MISMATCH"},
                  {"false", "TYPE_MISMATCH"}});
    bench.column().precision = 5;
    bench.column().scale = 2;
    bench.expect({{"999.99", "999.99 | 999.99"},
                  {"0", "0 | 0"},
                  {"1.230", "1.230 | 1.23"},
                  {"1.234", "TYPE_MISMATCH"},
                  {"1000", "MAX_VALUE"},
                  {"-1000", "MIN_VALUE"}});
}

TEST(Convert, FloatingStaysInRange) {
    Bench(ValueKind::floating, "{}")
        .expect({{"0.1", "0.1 | 0.1"},
                 {R"("1e308")", "1e308 | 1e+308"},
                 {R"("1e309")", "MAX_VALUE"},
                 {R"("-1e400")", "MIN_VALUE"},
                 {R"("1e-400")", "TYPE_MISMATCH"},
                 {"0", "0 | 0"}});
}

TEST(Convert, BooleanTakesTwoWords) {
    Bench(ValueKind::boolean, "{}")
        .expect({{"true", "1 | true"},
                 {R"("true")", "1 | true"},
                 {"false", "0 | false"},
                 {R"("false")", "0 | false"},
                 {R"("yes")", "TYPE_MISMATCH"},
                 {R"("TRUE")", "TYPE_MISMATCH"},
                 {"1", "TYPE_MISMATCH"},
                 {"{}", "TYPE_MISMATCH"}});
}

TEST(Convert, DatesStandInTheHashAsSent) {
    Bench(ValueKind::timestamptz, "{}")
        .expect({{R"("2026-12-31")", R"(2026/12/31 | "2026-12-31")"},
                 {R"("20261231")", R"(2026/12/31 | "20261231")"},
                 {"20261231", "2026/12/31 | 20261231"},
                 {R"("2026-12-31T10:00:00.5+01")", R"(2026/12/31 | "2026-12-31T10:00:00.5+01")"},
                 {R"("31-12-2026")", "DATE_FORMAT"},
                 {R"("2026-02-30")", "DATE_FORMAT"},
                 {R"("infinity")", "DATE_FORMAT"},
                 {R"("")", "DATE_FORMAT"},
                 {"20261331", "DATE_FORMAT"},
                 {"2026", "TYPE_MISMATCH"},
                 {"true", "TYPE_MISMATCH"}});
    Bench(ValueKind::date, "{}")
        .expect({{R"("2026-12-31T00:00:00Z")", R"(2026/12/31 | "2026-12-31T00:00:00Z")"},
                 {R"("2026-12-31T00:00:01Z")", "DATE_FORMAT"}});
    Bench coarse(ValueKind::timestamp, "{}");
    coarse.column().fraction_digits = 3;
    coarse.expect({{R"("2026-12-31 10:00:00.123")", R"(2026/12/31 | "2026-12-31 10:00:00.123")"},
                   {R"("2026-12-31 10:00:00.1234")", "DATE_FORMAT"}});
}

TEST(Convert, UuidIsWrittenInOneForm) {
    Bench(ValueKind::uuid, "{}")
        .expect({{R"("0189F7EA-0000-7000-8000-00000000000A")",
                  R"(0189f7ea-0000-7000-8000-00000000000a | "0189f7ea-0000-7000-8000-00000000000a")"},
                 {R"("nope")", "UUID_FORMAT"},
                 {R"("")", "UUID_FORMAT"},
                 {"7", "TYPE_MISMATCH"}});
}

TEST(Convert, MetadataIsAnObject) {
    Bench(ValueKind::json, "{}", "metadata")
        .expect({{R"({"b":1,"a":2})", R"({"a":2,"b":1} | {"a":2,"b":1})"},
                 {"[1]", "TYPE_MISMATCH"},
                 {R"("{}")", "TYPE_MISMATCH"},
                 {"null", "null | null"}});
    Bench(ValueKind::json, "{}", "extra").expect({{"[1]", "[1] | [1]"}, {"1", "TYPE_MISMATCH"}});
}

TEST(Convert, ArraysCheckEachElement) {
    Bench(ValueKind::text_array, R"({"max_length":3})")
        .expect({{R"(["a","b"])", R"(["a","b"] | ["a","b"])"},
                 {R"(["a",1.50])", R"(["a","1.5"] | ["a","1.5"])"},
                 {"[]", "[] | []"},
                 {R"(["a",null])", "TYPE_MISMATCH"},
                 {R"(["a","abcd"])", "MAX_LENGTH"},
                 {R"([["a"]])", "TYPE_MISMATCH"},
                 {R"("a")", "TYPE_MISMATCH"}});
}

TEST(Convert, EnumerationIsRuleAndType) {
    Bench bench(ValueKind::enumeration, R"({"enum":["a","b"],"value_aliases":{"x":"a","7":"c"}})");
    bench.column().labels = {"b", "a"};
    bench.expect({{R"("a")", R"(a | "a")"},
                  {R"("x")", R"(a | "a")"},
                  {"7", "ENUM_CONSTRAINT"},
                  {R"("A")", "ENUM_CONSTRAINT"},
                  {"true", "TYPE_MISMATCH"}});
    bench.column().labels = {"b"};
    bench.expect({{R"("a")", "ENUM_CONSTRAINT"}});
}

TEST(Convert, OtherTypesGetTheText) {
    Bench(ValueKind::other, "{}")
        .expect({{R"("1 day")", R"(1 day | "1 day")"},
                 {"5", R"(5 | "5")"},
                 {"true", R"(true | "true")"},
                 {"[]", "TYPE_MISMATCH"}});
}

TEST(Convert, LengthsCountCharacters) {
    Bench bench(ValueKind::text, R"({"min_length":2,"max_length":4})");
    bench.expect({{R"("ÄÖÜß")", R"(ÄÖÜß | "ÄÖÜß")"},
                  {R"("ÄÖÜßÄ")", "MAX_LENGTH"},
                  {R"("Ä")", "MIN_LENGTH"},
                  {R"("")", "MIN_LENGTH"},
                  {R"("\ud83d\ude00\ud83d\ude00")", "\U0001F600\U0001F600 | \"\U0001F600\U0001F600\""}});
    bench.column().max_length = 3;
    bench.expect({{R"("ÄÖÜß")", "MAX_LENGTH"}, {R"("ÄÖÜ")", R"(ÄÖÜ | "ÄÖÜ")"}});
}

TEST(Convert, PatternsAreTheServersBusiness) {
    Bench(ValueKind::text, R"({"pattern":"^#[0-9A-Fa-f]{6}$"})")
        .expect({{R"("#3B82F6")", R"(#3B82F6 | "#3B82F6")"}, {R"("blue")", "PATTERN_MISMATCH"}});
}

TEST(Convert, ValueAliasesComeFirst) {
    Bench dates(ValueKind::timestamptz, R"({"value_aliases":{"00000000":null}})");
    dates.expect({{R"("00000000")", R"(null | "00000000")"}, {R"("20260101")", R"(2026/1/1 | "20260101")"}});
    Bench numbers(ValueKind::integer, R"({"value_aliases":{"-":null,"true":1,"99":0}})");
    numbers.expect({{R"("-")", "null | null"}, {"true", "1 | 1"}, {"99", "0 | 0"}, {R"("99")", "0 | 0"}});
}

TEST(Convert, NullClearsUnlessForbidden) {
    Bench(ValueKind::text, R"({"required":true})").expect({{"null", "NOT_NULL"}});
    Bench strict(ValueKind::text, R"({"value_aliases":{"-":null}})");
    strict.column().not_null = true;
    strict.expect({{"null", "NOT_NULL"}, {R"("-")", "NOT_NULL"}});
}

TEST(Convert, FaultsShowTheValue) {
    Bench bench(ValueKind::timestamptz, "{}");
    Kept out;
    const auto fault = bench.convert(R"("31-12-2026")", out);
    ASSERT_TRUE(fault);
    EXPECT_EQ(fault->message, "invalid date \"31-12-2026\"");
    EXPECT_EQ(fault->value, "\"31-12-2026\"");
}

TEST(Convert, FaultsSayThatAFractionIsTooFine) {
    Bench bench(ValueKind::timestamptz, "{}");
    Kept out;
    EXPECT_FALSE(bench.convert(R"("2026-12-31T10:20:30.1234560Z")", out));
    auto fault = bench.convert(R"("2026-12-31T10:20:30.1234567Z")", out);
    ASSERT_TRUE(fault);
    EXPECT_EQ(fault->code, Code::date_format);
    EXPECT_EQ(
        fault->message,
        "invalid date \"2026-12-31T10:20:30.1234567Z\": the column stores only 6 digits of a fraction of a second");
    Bench date(ValueKind::date, "{}");
    fault = date.convert(R"("2026-12-31T00:00:00.0000001Z")", out);
    ASSERT_TRUE(fault);
    EXPECT_EQ(fault->message, "invalid date \"2026-12-31T00:00:00.0000001Z\": the column stores no time of day");
}

TEST(Convert, LongValuesAreCutAtACharacter) {
    std::string long_text = "\"a";
    for (int i = 0; i < 500; ++i)
        long_text += "ä";
    Bench bench(ValueKind::integer, "{}");
    Kept out;
    for (const std::string& sent : {long_text + '"', '[' + long_text + "\"]"}) {
        const auto fault = bench.convert(sent, out);
        ASSERT_TRUE(fault);
        EXPECT_LT(fault->value.size(), 230u);
        EXPECT_TRUE(parse_json(fault->value, bench.arena).is_string()) << fault->value;
        EXPECT_NO_THROW(parse_json('"' + fault->message.substr(0, 8) + '"', bench.arena));
    }
}

TEST(Convert, NumericTakesWhatPostgresqlWrites) {
    Bench(ValueKind::numeric, "{}")
        .expect({{R"("0012.50")", "12.50 | 12.5"},
                 {R"(".5")", "0.5 | 0.5"},
                 {R"("-.50")", "-0.50 | -0.5"},
                 {R"("+1e3")", "1e3 | 1000"},
                 {R"("1,5")", "TYPE_MISMATCH"},
                 {R"("NaN")", "TYPE_MISMATCH"}});
}

TEST(Convert, BlankTextIsEmpty) {
    Bench(ValueKind::text, R"({"min_length":1})")
        .expect(
            {{R"(" \u200b")", "MIN_LENGTH"}, {R"("\u00a0")", "MIN_LENGTH"}, {R"("\u200ba")", "\u200ba | \"\u200ba\""}});
    Bench(ValueKind::text, "{}").expect({{R"("  ")", R"(   | "  ")"}});
}

// A column of an array type.
struct ArrayBench : Bench {
    explicit ArrayBench(ValueKind kind) : Bench(ValueKind::other, "{}") {
        auto const element = std::make_shared<Column>();
        element->kind = kind;
        element->min = -100;
        element->max = 100;
        element->precision = 4;
        element->scale = 2;
        column().element = element;
    }
};

TEST(Convert, ArraysConvertTheirElements) {
    ArrayBench(ValueKind::integer)
        .expect({{"[1,\"02\",null]", "{\"1\",\"2\",NULL} | [1,2,null]"},
                 {"[]", "{} | []"},
                 {"[[1],[2]]", "{{\"1\"},{\"2\"}} | [[1],[2]]"},
                 {R"("{1,2}")", R"({1,2} | "{1,2}")"},
                 {"[1,\"x\"]", "TYPE_MISMATCH"},
                 {"[101]", "MAX_VALUE"},
                 {"{}", "TYPE_MISMATCH"}});
    ArrayBench(ValueKind::numeric).expect({{"[1.25]", "{\"1.25\"} | [1.25]"}, {"[1.255]", "TYPE_MISMATCH"}});
    ArrayBench(ValueKind::boolean).expect({{"[true,\"false\"]", "{\"true\",\"false\"} | [true,false]"}});
    ArrayBench(ValueKind::other).expect({{R"(["a\"b","c\\"])", R"({"a\"b","c\\"} | ["a\"b","c\\"])"}});
    ArrayBench(ValueKind::json).expect({{R"([{"a":[1]}])", R"({"{\"a\":[1]}"} | [{"a":[1]}])"}});
}

TEST(Convert, TimesKeepTheirFraction) {
    Bench bench(ValueKind::other, "{}");
    bench.column().fraction_digits = 0;
    bench.expect({{R"("10:00:00.7")", "DATE_FORMAT"},
                  {R"("10:00:00.0")", R"(10:00:00.0 | "10:00:00.0")"},
                  {R"("10:00")", R"(10:00 | "10:00")"},
                  {R"("10:00:00.70+02")", "DATE_FORMAT"}});
}

}  // namespace
}  // namespace eryxon::core
