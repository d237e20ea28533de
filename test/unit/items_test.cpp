// Reading an array item by item: the same as reading it whole, though each item's tree is gone with the next one.
#include "core/json/canonical.hpp"
#include "core/json/json_build.hpp"
#include "shop_schema.hpp"

#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace eryxon::core {
namespace {

// The items as they were handed over, and what was returned instead.
std::string items_of(std::string_view text) {
    JsonArena arena;
    std::string all;
    const auto whole = parse_items(text, arena, [&](const Json& item) { all += json_text(item) + '\n'; });
    return whole ? "whole " + json_text(*whole) : all;
}

TEST(ParseItems, HandsOverTheItemsOfAnArray) {
    EXPECT_EQ(items_of("[]"), "");
    EXPECT_EQ(items_of(R"( [1, "a\n", {"b":[{"c":[]}],"a":{}}, [[2]], null] )"),
              "1\n\"a\\n\"\n{\"a\":{},\"b\":[{\"c\":[]}]}\n[[2]]\nnull\n");
    EXPECT_EQ(items_of(R"({"items":[1]})"), "whole {\"items\":[1]}");
    EXPECT_EQ(items_of("null"), "whole null");
    EXPECT_EQ(items_of("7"), "whole 7");
}

TEST(ParseItems, RefusesWhatParsingRefuses) {
    for (const std::string_view text :
         {"", "[", "[1", "[1,]", "[1]]", "[1][2]", "[1],[2]", "[1] 2", "[{\"a\":}]", "[\"\\u0000\"]"}) {
        JsonArena arena;
        EXPECT_THROW(parse_json(text, arena), CallError) << text;
        EXPECT_THROW(items_of(text), CallError) << text;
    }
    const auto nested = [](int depth) {
        return std::string(static_cast<std::size_t>(depth), '[') + std::string(static_cast<std::size_t>(depth), ']');
    };
    EXPECT_NO_THROW(items_of(nested(max_json_depth)));
    EXPECT_THROW(items_of(nested(max_json_depth + 1)), CallError);
}

// A value with all that it points to.
std::string shown(const FieldValue& value) {
    const std::string name = value.field->name + '=';
    if (value.value.is_null) return name + "null ";
    const Column& column = test::shop_schema().find("parts")->columns[static_cast<std::size_t>(value.field->column)];
    const bool is_tree = column.kind == ValueKind::json || column.kind == ValueKind::text_array;
    if (is_tree) return name + json_text(value.value.json) + ' ';
    return name + (column.kind == ValueKind::text ? std::string(value.value.text) : "?") + ' ';
}

std::string shown(const Record& record) {
    std::string text = std::string(record.external_id) + ' ' + std::string(record.hash.view()) + ' ';
    for (const FieldValue& value : record.values)
        text += shown(value);
    for (const ReferenceValue& reference : record.references)
        text +=
            std::string(reference.path) + '=' + std::string(reference.source) + '/' + std::string(reference.text) + ' ';
    return text + test::faults_of(record) + test::warnings_of(record);
}

// Parts with everything that a record keeps of a tree: objects, arrays, converted elements, unknown members.
std::string parts(int count) {
    std::string text;
    for (int i = 0; i < count; ++i) {
        const std::string n = std::to_string(i);
        text += std::string(i == 0 ? "[" : ",") + R"({"external_id":)" + n +
                R"(,"external_source":"E","part_number":"P\u0031)" + n + R"(","job_external_id":"J)" + n +
                R"(","metadata":{"n":)" + n + R"(,"deep":[{"x":[)" + n + R"(]}],"none":{}},"file_paths":["a)" + n +
                "\"," + n + R"(],"notes":1e)" + std::to_string(i % 9) + R"(,"color":{"of":[")" + n + R"("]},"shape)" +
                n + "\":[]" + (i % 7 == 0 ? R"(,"quantity":"x")" : "") + '}';
    }
    return text + ']';
}

TEST(ParseItems, RecordsKeepWhatTheyNeed) {
    const Schema& schema = test::shop_schema();
    const Entity& entity = *schema.find("parts");
    const std::string text = parts(200);
    for (const std::string_view choice :
         {R"({"unknown_fields":"metadata"})", "{}", R"({"update_strategy":"replace"})"}) {
        JsonArena arena;
        const Options options = read_options(parse_json(choice, arena));
        const ReadContext whole{schema, options, arena, test::matches_pattern};
        const ReadContext passing{schema, options, arena, test::matches_pattern, false};
        std::vector<Record> expected, records;
        for (const Json& item : parse_json(text, arena).items())
            expected.push_back(read_record(entity, item, whole));
        parse_items(text, arena, [&](const Json& item) { records.push_back(read_record(entity, item, passing)); });
        ASSERT_EQ(records.size(), expected.size());
        for (std::size_t i = 0; i < records.size(); ++i)
            EXPECT_EQ(shown(records[i]), shown(expected[i]));
    }
}

}  // namespace
}  // namespace eryxon::core
