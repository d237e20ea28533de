// Tests of core/csv_values and core/csv_options.
#include "core/csv/csv_values.hpp"

#include "core/json/json_build.hpp"

#include <gtest/gtest.h>

namespace eryxon::core {

namespace {

TEST(CsvValues, TurnsDatesRound) {
    EXPECT_EQ(iso_date("31-12-2026", DateOrder::day_first), "2026-12-31");
    EXPECT_EQ(iso_date("1.2.2026", DateOrder::day_first), "2026-02-01");
    EXPECT_EQ(iso_date("12/31/2026", DateOrder::month_first), "2026-12-31");
    EXPECT_EQ(iso_date("31-12-2026 14:30", DateOrder::day_first), "2026-12-31 14:30");
    EXPECT_EQ(iso_date("31.12.26", DateOrder::day_first), "2026-12-31");
    EXPECT_EQ(iso_date("1/2/69 9:05", DateOrder::month_first), "2069-01-02 9:05");
    EXPECT_EQ(iso_date("1/2/70", DateOrder::month_first), "1970-01-02");
    for (const char* text :
         {"2026-12-31", "31-12-6", "31-12-026", "31122026", "31-12-20266", "31-12", "-12-2026", "31-12-2026x", ""})
        EXPECT_EQ(iso_date(text, DateOrder::day_first), "") << text;
    EXPECT_EQ(iso_date("31-12-2026", DateOrder::iso), "");
}

TEST(CsvValues, CountsHoursFromMidnight) {
    EXPECT_EQ(with_24_hours("2026-04-03 2:30 PM"), "2026-04-03 14:30");
    EXPECT_EQ(with_24_hours("2026-04-03 12:00:05am"), "2026-04-03 00:00:05");
    EXPECT_EQ(with_24_hours("2026-04-03T12:00pm"), "2026-04-03T12:00");
    for (const char* text :
         {"2026-04-03 14:30 PM", "2026-04-03 0:30 AM", "2026-04-03", "2026-04-03 2:30", "am", "m", ""})
        EXPECT_EQ(with_24_hours(text), text);
}

TEST(CsvValues, KnowsWordsForTrueAndFalse) {
    for (const char* word : {"true", "TRUE", "1", "yes", "Y", "ja", "J"})
        EXPECT_EQ(boolean_word(word), true) << word;
    for (const char* word : {"false", "0", "No", "n", "nein", "NEE"})
        EXPECT_EQ(boolean_word(word), false) << word;
    for (const char* word : {"", "on", "x", "2", "truee"})
        EXPECT_EQ(boolean_word(word), std::nullopt) << word;
}

std::string value(std::string_view cell, ValueKind kind, char decimal = '.', DateOrder dates = DateOrder::iso) {
    JsonArena arena;
    CsvOptions options;
    options.number = {decimal, decimal == ',' ? '.' : '\0'};
    options.dates = dates;
    Column column;
    column.kind = kind;
    Json json;
    auto const fault = read_cell(cell, column, options, arena, json);
    return fault ? fault->message : json_text(json);
}

TEST(CsvValues, MakesValuesForTheEngine) {
    EXPECT_EQ(value("1,5", ValueKind::numeric, ','), "\"1.5\"");
    EXPECT_EQ(value("1,5", ValueKind::numeric), "\"1,5\"");
    EXPECT_EQ(value("1.5", ValueKind::numeric, ','), "invalid number \"1.5\"");
    EXPECT_EQ(value("", ValueKind::numeric, ','), "\"\"");
    EXPECT_EQ(value("4/3/26 2:30 PM", ValueKind::timestamptz, '.', DateOrder::month_first), "\"2026-04-03 14:30\"");
    EXPECT_EQ(value("2026-04-03 2:30 PM", ValueKind::timestamptz), "\"2026-04-03 14:30\"");
    EXPECT_EQ(value("1,5", ValueKind::text, ','), "\"1,5\"");
    EXPECT_EQ(value("0010", ValueKind::text), "\"0010\"");
    EXPECT_EQ(value("ja", ValueKind::boolean), "true");
    EXPECT_EQ(value("maybe", ValueKind::boolean), "\"maybe\"");
    EXPECT_EQ(value("1-2-2026", ValueKind::timestamptz, '.', DateOrder::day_first), "\"2026-02-01\"");
    EXPECT_EQ(value("2026-02-01", ValueKind::date, '.', DateOrder::day_first), "\"2026-02-01\"");
    EXPECT_EQ(value("{\"a\": 1}", ValueKind::json), "{\"a\":1}");
    EXPECT_EQ(value("{a", ValueKind::json), "\"{a\"");
    EXPECT_EQ(value("a.pdf; b.pdf;", ValueKind::text_array), "[\"a.pdf\",\"b.pdf\"]");
    EXPECT_EQ(value("[\"a;b\"]", ValueKind::text_array), "[\"a;b\"]");
    EXPECT_EQ(value("{}", ValueKind::text_array), "[]");
    EXPECT_EQ(value("{/a.pdf,\"b, \\\"c\\\".pdf\",NULL}", ValueKind::text_array),
              "[\"/a.pdf\",\"b, \\\"c\\\".pdf\",null]");
    for (const char* text : {"{", "{a", "{a}b", "{\"a}"})
        EXPECT_EQ(value(text, ValueKind::text_array), "[" + json_string(text) + "]");
}

CsvOptions options_of(std::string_view json, std::string* rest = nullptr) {
    JsonArena arena;
    Json others;
    CsvOptions options = read_csv_options(parse_json(json, arena), arena, others);
    if (rest != nullptr) *rest = json_text(others);
    return options;
}

TEST(CsvOptions, AreTakenOutOfTheOthers) {
    std::string rest;
    CsvOptions const options =
        options_of(R"({"delimiter":"tab","decimal":",","date_format":"MM/DD/YYYY","header":false,"null_token":"-",
        "external_source":"SAP","encoding":"LATIN1","repeated_keys":"refuse","mapping":{"A":"name","B":null,
        "C":["x","y"],"type":{"constant":"tooling"},"id":{"template":"{A}/{C}"}},"header_line":4,"only_mapped":true,
        "dry_run":true,"mode":"create"})",
                   &rest);
    EXPECT_EQ(options.delimiter, '\t');
    EXPECT_EQ(options.number.decimal, ',');
    EXPECT_EQ(options.number.group, '.');
    EXPECT_EQ(options.dates, DateOrder::month_first);
    EXPECT_FALSE(options.header);
    EXPECT_EQ(options.null_token, "-");
    EXPECT_EQ(options.repeated_keys, RepeatedKeys::refuse);
    EXPECT_EQ(options.external_source, "SAP");
    EXPECT_EQ(options.encoding, "LATIN1");
    EXPECT_EQ(options.header_line, 4U);
    EXPECT_TRUE(options.only_mapped);
    ASSERT_EQ(options.mapping.size(), 3u);
    EXPECT_EQ(options.mapping[0].fields, std::vector<std::string>{"name"});
    EXPECT_TRUE(options.mapping[1].fields.empty());
    EXPECT_EQ(options.mapping[2].fields.size(), 2U);
    ASSERT_EQ(options.made.size(), 2U);
    EXPECT_EQ(options.made[1].pieces.front().text, "tooling");
    EXPECT_EQ(options.made[0].pieces.size(), 3U);
    EXPECT_EQ(rest, R"({"dry_run":true,"mode":"create"})");
}

TEST(CsvOptions, RefuseWrongValues) {
    for (const char* json :
         {R"({"delimiter":":"})", R"({"delimiter":1})", R"({"decimal":"x"})", R"({"date_format":"YY"})",
          R"({"header":"no"})", R"({"only_mapped":1})", R"({"mapping":[]})", R"({"mapping":{"A":1}})",
          R"({"null_token":0})", R"({"repeated_keys":"no"})", R"({"mapping":{"A":{"x":1}}})",
          R"({"mapping":{"A":{"template":"{x"}}})", R"({"header_line":0})", R"({"grouping":"x"})",
          R"({"decimal":",","grouping":","})"})
        EXPECT_THROW(options_of(json), CallError) << json;
}

}  // namespace

}  // namespace eryxon::core
