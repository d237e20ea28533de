// Parsing and writing JSON documents, and refusing bad ones as jsonb does.
#include "core/json/json.hpp"

#include <gtest/gtest.h>
#include <string>

namespace eryxon::core {
namespace {

// The text as the parser and the writer give it back.
std::string rewritten(std::string_view text) {
    JsonArena arena;
    std::string out;
    write_json(parse_json(text, arena), out);
    return out;
}

// The SQLSTATE with which the text is refused; empty if it is taken.
std::string refused_with(std::string_view text) {
    try {
        JsonArena arena;
        parse_json(text, arena);
        return {};
    } catch (const CallError& error) {
        EXPECT_EQ(error.faults().size(), 1u);
        EXPECT_FALSE(error.faults().front().message.empty());
        return error.faults().front().sqlstate;
    }
}

std::string repeated(std::string_view piece, int times) {
    std::string text;
    for (int i = 0; i < times; ++i)
        text += piece;
    return text;
}

TEST(JsonParse, TakesEveryKindOfRoot) {
    EXPECT_EQ(rewritten("null"), "null");
    EXPECT_EQ(rewritten(" true\n"), "true");
    EXPECT_EQ(rewritten("false"), "false");
    EXPECT_EQ(rewritten("-0"), "-0");
    EXPECT_EQ(rewritten("\t1.50e+007 "), "1.50e+007");
    EXPECT_EQ(rewritten("\"\""), "\"\"");
    EXPECT_EQ(rewritten("\"a b\""), "\"a b\"");
    EXPECT_EQ(rewritten("[ ]"), "[]");
    EXPECT_EQ(rewritten("{ }"), "{}");
    EXPECT_EQ(rewritten("[1,[2,[3,[]]],{\"a\":{}}]"), "[1,[2,[3,[]]],{\"a\":{}}]");
}

TEST(JsonParse, KeepsNumbersAsTheyWereSent) {
    for (const char* token : {"0", "9007199254740993", "1E400", "1.0", "1e0", "0.10000000000000000001", "-12.50e-3",
                              "123456789012345678901234567890"}) {
        EXPECT_EQ(rewritten(token), token);
        EXPECT_EQ(rewritten(std::string("[") + token + " ,\n" + token + "]"),
                  std::string("[") + token + "," + token + "]");
    }
}

TEST(JsonParse, TellsTypesAndValues) {
    JsonArena arena;
    const Json json = parse_json(R"({"n":null,"t":true,"f":false,"i":12,"s":"x","a":[1,"2"],"o":{"p":1}})", arena);
    ASSERT_TRUE(json.is_object());
    EXPECT_EQ(json.members().size(), 7u);
    EXPECT_TRUE(json.find("n")->is_null());
    EXPECT_TRUE(json.find("t")->as_bool());
    EXPECT_TRUE(json.find("f")->is_boolean());
    EXPECT_FALSE(json.find("f")->as_bool());
    EXPECT_TRUE(json.find("i")->is_number());
    EXPECT_EQ(json.find("i")->text(), "12");
    EXPECT_EQ(json.find("s")->text(), "x");
    EXPECT_EQ(json.find("a")->items()[1].text(), "2");
    EXPECT_EQ(json.find("o")->find("p")->text(), "1");
    EXPECT_EQ(json.find("zz"), nullptr);
    EXPECT_EQ(json.find(""), nullptr);
    EXPECT_EQ(json.find("i")->find("x"), nullptr);
}

TEST(JsonParse, ResolvesEscapes) {
    JsonArena arena;
    const Json json =
        parse_json(R"(["\"\\\/\b\f\n\r\t","\u00e4\u20ac\ud83d\ude00\uD83D\uDE00","\u0001","x\\","\\u0000"])", arena);
    EXPECT_EQ(json.items()[0].text(), "\"\\/\b\f\n\r\t");
    EXPECT_EQ(json.items()[1].text(), "ä€😀😀");
    EXPECT_EQ(json.items()[2].text(), "\x01");
    EXPECT_EQ(json.items()[3].text(), "x\\");
    EXPECT_EQ(json.items()[4].text(), "\\u0000");
}

TEST(JsonParse, ResolvesEscapesInNames) {
    JsonArena arena;
    const Json json = parse_json(R"({"\u0061\"":1,"b\\":2,"\u00e4":3})", arena);
    EXPECT_EQ(json.find("a\"")->text(), "1");
    EXPECT_EQ(json.find("b\\")->text(), "2");
    EXPECT_EQ(json.find("ä")->text(), "3");
}

TEST(JsonParse, KeepsLongStringsWithManyEscapes) {
    const std::string text = "\"" + repeated("ab\\n\\u20ac\\\\\\\"", 10'000) + "\"";
    JsonArena arena;
    EXPECT_EQ(parse_json(text, arena).text(), repeated("ab\n€\\\"", 10'000));
}

TEST(JsonParse, OutlivesTheText) {
    JsonArena arena;
    auto text = std::make_unique<std::string>(R"({"name":"value","list":["a\tb",12.5]})");
    const Json json = parse_json(*text, arena);
    text.reset();
    std::string out;
    write_json(json, out);
    EXPECT_EQ(out, R"({"list":["a\tb",12.5],"name":"value"})");
}

TEST(JsonParse, RefusesBrokenSyntax) {
    for (const char* text : {"",
                             " ",
                             "{",
                             "}",
                             "[",
                             "]",
                             "[1",
                             "1]",
                             "[1]]",
                             "[[1]",
                             "{}}",
                             "{\"a\":1}}",
                             "{\"a\"",
                             "{\"a\":",
                             "{\"a\":1",
                             "{\"a\":1,",
                             "[1,]",
                             "[,1]",
                             "[1,,2]",
                             "{,}",
                             "{\"a\":1,}",
                             "{\"a\" 1}",
                             "{\"a\",1}",
                             "{a:1}",
                             "{'a':1}",
                             "{1:1}",
                             "[1 2]",
                             "[1:2]",
                             "[\"a\":1]",
                             "1 2",
                             "1,2",
                             "1],[2",
                             "{}{}",
                             "[][]",
                             "nul",
                             "nulll",
                             "nullnull",
                             "tru",
                             "truex",
                             "True",
                             "fals",
                             "NaN",
                             "Infinity",
                             "-Infinity",
                             "undefined",
                             "\"",
                             "\"a",
                             "\"a\"b",
                             "a\"b\"",
                             "\"a\"\"b\"",
                             "'a'",
                             "\"\\x\"",
                             "\"\\\"",
                             "\"\\u12\"",
                             "\"\\u12g4\"",
                             "\"a\nb\"",
                             "\"a\tb\"",
                             "[1}",
                             "{\"a\":1]",
                             "[{]}",
                             "//x\n1",
                             "/**/1",
                             "1//",
                             "\xef\xbb\xbf[1]",
                             "[1]\v",
                             "\f1",
                             "{\"a\":}",
                             "{\"a\"::1}",
                             "{:1}",
                             "{\"a\":1 \"b\":2}",
                             "[\"a\" \"b\"]",
                             "-\"1\"",
                             "1\"a\"",
                             "[1\"a\"]",
                             "{\"a\":1\"b\":2}",
                             "[true false]",
                             "[null]1",
                             ",",
                             ":",
                             "{\"a\":[}",
                             "[{\"a\":1]"}) {
        EXPECT_EQ(refused_with(text), "22P02") << text;
    }
}

TEST(JsonParse, RefusesNumbersOutsideTheGrammar) {
    for (const char* token :
         {"+1",    "01",  "-01", "00",  "1.", ".5",  "-.5",   "1.e5",  "1e",    "1e+", "1e5.0", "0x10",
          "1_000", "- 1", "-",   "--1", "1-", "1+1", "1.2.3", "1e5e5", "12abc", "1a",  "٣"}) {
        EXPECT_EQ(refused_with(token), "22P02") << token;
        EXPECT_EQ(refused_with(std::string("{\"a\":") + token + "}"), "22P02") << token;
        EXPECT_EQ(refused_with(std::string("[") + token + ",1]"), "22P02") << token;
    }
}

TEST(JsonParse, RefusesNulEscapes) {
    EXPECT_EQ(refused_with(R"("\u0000")"), "22P05");
    EXPECT_EQ(refused_with(R"(["a\u0000b"])"), "22P05");
    EXPECT_EQ(refused_with(R"({"\u0000":1})"), "22P05");
    EXPECT_EQ(refused_with(R"("\\\u0000")"), "22P05");
    EXPECT_EQ(refused_with(std::string("\"a\0b\"", 5)), "22P02");
    EXPECT_EQ(refused_with(std::string("1\0", 2)), "22P02");
    EXPECT_EQ(refused_with(std::string("[1,\0]", 5)), "22P02");
}

TEST(JsonParse, RefusesHalfSurrogatePairs) {
    for (const char* text :
         {R"("\ud800")", R"("\udc00")", R"("\ud800x")", R"("\ud800\n")", R"("\ud800\ud800")", R"("\ud800\u0041")",
          R"("\udc00\ud800")", R"("\ud83d\ude0")", R"("\ud83d\\ude00")", R"({"\udfff":1})", R"("\uDBFF\uE000")"}) {
        EXPECT_EQ(refused_with(text), "22P02") << text;
    }
}

TEST(JsonParse, RefusesInvalidUtf8) {
    for (const char* text : {"\"\xff\"", "\"\xc3\"", "\"\xc0\x80\"", "\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"",
                             "\"\xe2\x82\"", "\x80", "{\"\xc3\x28\":1}", "[1]\xff", "\"\xf8\x88\x80\x80\x80\""}) {
        EXPECT_EQ(refused_with(text), "22021") << text;
    }
}

TEST(JsonParse, RefusesNumbersBeyondNumeric) {
    const std::string most = "1" + repeated("0", 131071);
    EXPECT_EQ(refused_with(most), "");
    EXPECT_EQ(refused_with(most + "0"), "22003");
    EXPECT_EQ(refused_with("1e131071"), "");
    EXPECT_EQ(refused_with("1e131072"), "22003");
    EXPECT_EQ(refused_with("0.001e131074"), "");
    EXPECT_EQ(refused_with("0.001e131075"), "22003");
    EXPECT_EQ(refused_with("1e-16383"), "");
    EXPECT_EQ(refused_with("1e-16384"), "22003");
    EXPECT_EQ(refused_with("1.0e-16383"), "22003");
    EXPECT_EQ(refused_with("0." + repeated("0", 16383)), "");
    EXPECT_EQ(refused_with("0." + repeated("0", 16384)), "22003");
    EXPECT_EQ(refused_with("0e-16384"), "22003");
    EXPECT_EQ(refused_with("0e999999"), "");
    EXPECT_EQ(refused_with("[1,{\"a\":-1e99999999999999999999}]"), "22003");
    EXPECT_EQ(refused_with("1e-99999999999999999999"), "22003");
    EXPECT_EQ(refused_with("0e99999999999999999999"), "22003");
}

TEST(JsonParse, LimitsNesting) {
    EXPECT_EQ(refused_with(repeated("[", max_json_depth) + repeated("]", max_json_depth)), "");
    EXPECT_EQ(refused_with(repeated("{\"a\":", max_json_depth) + "1" + repeated("}", max_json_depth)), "");
    EXPECT_EQ(refused_with(repeated("[", max_json_depth + 1) + repeated("]", max_json_depth + 1)), "54001");
    EXPECT_EQ(refused_with(repeated("{\"a\":", max_json_depth + 1) + "1" + repeated("}", max_json_depth + 1)), "54001");
    EXPECT_EQ(refused_with(repeated("[", 100'000) + repeated("]", 100'000)), "54001");
    EXPECT_EQ(refused_with(repeated("{\"a\":[", 50'000) + repeated("]}", 50'000)), "54001");
    EXPECT_EQ(refused_with(repeated("[", 100'000)), "54001");
    EXPECT_EQ(rewritten(repeated("[],", 99'999).insert(0, "[") + "[]]").size(), 300'001u);
}

TEST(JsonParse, OfEqualNamesTheLastWins) {
    EXPECT_EQ(rewritten(R"({"a":1,"b":2,"a":3})"), R"({"a":3,"b":2})");
    EXPECT_EQ(rewritten(R"({"a":1,"\u0061":{"b":1,"b":[]}})"), R"({"a":{"b":[]}})");
    std::string many = "{";
    for (int i = 0; i < 1000; ++i)
        many += "\"repeated name\":" + std::to_string(i) + ",\"name " + std::to_string(i % 7) +
                "\":" + std::to_string(i) + ",";
    many.back() = '}';
    EXPECT_EQ(
        rewritten(many),
        R"({"name 0":994,"name 1":995,"name 2":996,"name 3":997,"name 4":998,"name 5":999,"name 6":993,"repeated name":999})");
}

TEST(JsonParse, FaultsOfSyntaxNameThePlace) {
    try {
        JsonArena arena;
        parse_json(R"({"a": 1, "b": tru})", arena);
        FAIL();
    } catch (const CallError& error) {
        EXPECT_EQ(error.faults().front().hint, "The fault is at or after byte 15.");
    }
}

TEST(JsonWrite, EscapesOnlyWhatMustBe) {
    std::string out;
    write_json_string("\x01\x1f \b\t\n\f\r\"\\/\x7f é€😀", out);
    EXPECT_EQ(out, "\"\\u0001\\u001f \\b\\t\\n\\f\\r\\\"\\\\/\x7f é€😀\"");
}

TEST(JsonWrite, FindsEscapesAtAnyPlace) {
    for (std::size_t length = 1; length < 40; ++length) {
        for (std::size_t place = 0; place < length; ++place) {
            std::string text(length, 'x');
            text[place] = '"';
            std::string out;
            write_json_string(text, out);
            EXPECT_EQ(out, "\"" + std::string(place, 'x') + "\\\"" + std::string(length - place - 1, 'x') + "\"");
        }
    }
}

TEST(JsonArena, KeepsWhatItIsGiven) {
    JsonArena arena;
    std::vector<std::string_view> kept;
    for (int i = 0; i < 20'000; ++i)
        kept.push_back(arena.copy(std::to_string(i)));
    const auto large = arena.copy(std::string(5'000'000, 'x'));
    const auto small = arena.copy("y");
    for (int i = 0; i < 20'000; ++i)
        EXPECT_EQ(kept[static_cast<std::size_t>(i)], std::to_string(i));
    EXPECT_EQ(large.size(), 5'000'000u);
    EXPECT_EQ(small, "y");
    EXPECT_GE(arena.bytes(), 5'000'000u);
    EXPECT_LT(arena.bytes(), 8'000'000u);
    EXPECT_EQ(arena.copy("").size(), 0u);
}

TEST(JsonArena, AlignsEveryPiece) {
    JsonArena arena;
    for (std::size_t size = 1; size < 3000; size += 7) {
        arena.allocate(size, 1);
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(arena.allocate(8, 8)) % 8, 0u);
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(arena.allocate(16, 16)) % 16, 0u);
    }
}

TEST(JsonArena, StaysNearTheSizeOfTheDocument) {
    std::string text = "[";
    for (int i = 0; i < 100'000; ++i) {
        text += R"({"external_id":"SO-)" + std::to_string(i) +
                R"(","external_source":"SAP","job_number":"J-1","priority":3},)";
    }
    text.back() = ']';
    JsonArena arena;
    parse_json(text, arena);
    EXPECT_LT(arena.bytes(), 4 * text.size());
}

}  // namespace
}  // namespace eryxon::core
