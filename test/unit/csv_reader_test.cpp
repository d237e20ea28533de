// Tests of core/csv_reader.
#include "core/csv/csv_reader.hpp"

#include "core/base/error.hpp"

#include <gtest/gtest.h>
#include <string>

namespace eryxon::core {

namespace {

// The records of a text, one line each: "line: cell|cell", or "line: malformed <text>".
std::string read(std::string_view text, char delimiter = ',') {
    CsvReader reader(text, delimiter);
    CsvRecord record;
    std::string out;
    while (reader.next(record)) {
        out += std::to_string(record.line) + ": ";
        if (record.malformed) out += "malformed " + std::string(record.text);
        for (std::size_t i = 0; i < record.cells.size(); i++)
            out += (i > 0 ? "|" : "") + std::string(record.cells[i]);
        out += '\n';
    }
    return out;
}

TEST(CsvReader, SplitsRecordsIntoCells) {
    EXPECT_EQ(read("a,b,c\n1,2,3\n"), "1: a|b|c\n2: 1|2|3\n");
    EXPECT_EQ(read("a;b,c;\n", ';'), "1: a|b,c|\n");
    EXPECT_EQ(read("a\tb\n", '\t'), "1: a|b\n");
    EXPECT_EQ(read(""), "");
}

TEST(CsvReader, TakesEveryKindOfLineBreak) {
    EXPECT_EQ(read("a,b\r\n1,2\r\n"), "1: a|b\n2: 1|2\n");
    EXPECT_EQ(read("a,b\r1,2\r"), "1: a|b\n2: 1|2\n");
    EXPECT_EQ(read("a,b\n1,2"), "1: a|b\n2: 1|2\n");
    EXPECT_EQ(read("a,b\r\n1,2\n3,4\r5,6"), "1: a|b\n2: 1|2\n3: 3|4\n4: 5|6\n");
}

TEST(CsvReader, KeepsWhatIsQuoted) {
    EXPECT_EQ(read("\"a,b\",\"say \"\"hi\"\"\",\" c \"\n"), "1: a,b|say \"hi\"| c \n");
    EXPECT_EQ(read("\"\",x\n"), "1: |x\n");
    EXPECT_EQ(read("\"last\""), "1: last\n");
    EXPECT_EQ(read("\\.\na,\\.\n"), "1: \\.\n2: a|\\.\n");
}

TEST(CsvReader, CountsPhysicalLines) {
    EXPECT_EQ(read("h\n\"one\ntwo\r\nthree\",x\nnext\n"), "1: h\n2: one\ntwo\r\nthree|x\n5: next\n");
    EXPECT_EQ(read("h\n\n\n  \n,,\n\nx\n"), "1: h\n7: x\n");
    EXPECT_EQ(read("\n\r\n\rx"), "4: x\n");
}

TEST(CsvReader, LeavesBlanksAroundUnquotedCellsOut) {
    EXPECT_EQ(read(" a , b c ,\td\n"), "1: a|b c|d\n");
}

TEST(CsvReader, GoesOnBehindAMalformedLine) {
    EXPECT_EQ(read("h\n5\" pipe,x\nnext,y\n"), "1: h\n2: malformed 5\" pipe,x\n3: next|y\n");
    EXPECT_EQ(read("h\n\"a\"b,x\nnext\n"), "1: h\n2: malformed \"a\"b,x\n3: next\n");
    EXPECT_EQ(read("h\na,\"b\nc\nd,\"e\"\n"), "1: h\n2: malformed a,\"b\n3: c\n4: d|e\n");
    EXPECT_EQ(read("h\na,\"b\nc\nd"), "1: h\n2: malformed a,\"b\n3: c\n4: d\n");
    EXPECT_EQ(read("a,\"b"), "1: malformed a,\"b\n");
}

TEST(CsvReader, GivesUpWhereItIsNotClearHowToGoOn) {
    std::string text = "h\n\"open\n";
    for (int i = 0; i < 1100; i++)
        text += "x\n";
    try {
        read(text);
        FAIL();
    } catch (const CallError& error) {
        EXPECT_EQ(error.faults().front().message, "line 2: unterminated quoted cell");
        EXPECT_EQ(error.faults().front().sqlstate, "22P04");
    }
}

TEST(CsvReader, PassesBytesOfEveryValue) {
    std::string text;
    for (int byte = 1; byte < 256; byte++)
        if (byte != ',' && byte != '"' && byte != '\n' && byte != '\r' && byte != ' ' && byte != '\t')
            text += static_cast<char>(byte);
    EXPECT_EQ(read(text), "1: " + text + "\n");
    EXPECT_EQ(read(std::string("a\0b", 3)), "1: " + std::string("a\0b", 3) + "\n");
}

}  // namespace

}  // namespace eryxon::core
