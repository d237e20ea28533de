// Finding records in JSON text that arrives in pieces: the same ones however it is cut.
#include "core/json/record_splitter.hpp"
#include "core/base/error.hpp"

#include <gtest/gtest.h>
#include <string>

namespace eryxon::core {
namespace {

// The records with their places, or what is wrong with the text; given in pieces of that size.
std::string cut(RecordSplitter splitter, std::string_view text, std::size_t size) {
    std::string found;
    try {
        for (std::size_t at = 0; at <= text.size(); at += size) {
            if (at + size > text.size()) splitter.end();
            splitter.add(text.substr(at, size));
            while (splitter.next())
                found += std::to_string(splitter.place()) + '<' + std::string(splitter.record()) + '>';
        }
    } catch (const CallError& error) {
        found += std::string("!") + error.what();
    }
    return found;
}

std::string records_of(RecordForm form, std::string_view text) {
    std::string const whole = cut(RecordSplitter(form, {"items", "jobs"}), text, text.size() + 1);
    for (std::size_t size : {1U, 2U, 3U, 7U})
        EXPECT_EQ(cut(RecordSplitter(form, {"items", "jobs"}), text, size), whole) << size;
    return whole;
}

std::string elements(std::string_view text) {
    return records_of(RecordForm::array, text);
}

std::string lines(std::string_view text) {
    return records_of(RecordForm::lines, text);
}

TEST(RecordSplitter, FindsTheElementsOfAnArray) {
    EXPECT_EQ(elements("[]"), "");
    EXPECT_EQ(elements("\xEF\xBB\xBF [ {\"a\":[1,2]} ,\n7, \"x,]\\\"\" ] \n"), "1<{\"a\":[1,2]}>2<7>3<\"x,]\\\"\">");
    EXPECT_EQ(elements(R"({"items" : [1, {"b":{}}]})"), R"(1<1>2<{"b":{}}>)");
    EXPECT_EQ(elements(R"({"jobs":[]} )"), "");
}

TEST(RecordSplitter, LeavesAFaultToItsRecord) {
    EXPECT_EQ(elements(R"([{"a":1}, {b}, ,{"c":]}, {"d":[1}, 5,])"), R"(1<{"a":1}>2<{b}>3<>4<{"c":>!)"
                                                                     "the text goes on behind the array of records");
    EXPECT_EQ(elements("[{\"a\":\"x},\n{\"b\":1}},2,]"), "1<{\"a\":\"x},\n{\"b\":1}}>2<2>3<>");
    EXPECT_EQ(elements(R"([{"d":[1}, 5])"), R"(1<{"d":[1}>2<5>)");
    EXPECT_EQ(elements("[" + std::string(3000, '[') + std::string(3000, ']') + ",1]").size(), 6007);
}

TEST(RecordSplitter, RefusesWhatIsNoArrayOfRecords) {
    std::string const expected = "!expected an array of records, or an object with one under \"items\"";
    for (const char* text : {"", "null", "{}", "{\"external_id\":\"1\"}", "{\"items\":5}", "{\"a\":{\"b\":[1]}}", "x["})
        EXPECT_EQ(elements(text), expected) << text;
    EXPECT_EQ(elements(R"({"parts":[1]})"), expected + ", not \"parts\"");
    EXPECT_EQ(elements(R"({"options":{},"items":[1]})"), expected + " and no other member");
    EXPECT_EQ(elements("[1,2"), "1<1>!the array of records is not closed: the text is cut off");
    EXPECT_EQ(elements("{\"items\":[1]"), "1<1>!the object of the records is not closed: the text is cut off");
    EXPECT_EQ(elements("[1] 2"), "1<1>!the text goes on behind the array of records");
    EXPECT_EQ(elements("{\"items\":[1],\"options\":{}}"), "1<1>!the text goes on behind the array of records");
    EXPECT_EQ(cut(RecordSplitter(RecordForm::array, {"items"}), "\xFF\xFE[", 3), "!the text must be in UTF-8");
}

TEST(RecordSplitter, FindsLines) {
    EXPECT_EQ(lines(""), "");
    EXPECT_EQ(lines("\xEF\xBB\xBF{\"a\":1}\r\n\n  \n{\"a\":2}\n{"), "1<{\"a\":1}>4<{\"a\":2}>5<{>");
    EXPECT_EQ(lines("{}\n{}\n"), "1<{}>2<{}>");
}

TEST(RecordSplitter, ReadsAPartAsItsFileWasRead) {
    EXPECT_EQ(cut(RecordSplitter(RecordForm::array, 5), "{\"a\":1},,2,", 3), "5<{\"a\":1}>6<>7<2>");
    EXPECT_EQ(cut(RecordSplitter(RecordForm::lines, 5), "1\n\n2\n", 3), "5<1>7<2>");
}

}  // namespace
}  // namespace eryxon::core
