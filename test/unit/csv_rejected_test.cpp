// Tests of core/csv_rejected.
#include "core/csv/csv_rejected.hpp"
#include "core/csv/csv_formula.hpp"

#include <gtest/gtest.h>
#include <vector>

namespace eryxon::core {

namespace {

std::string rejected(std::string_view header, std::vector<RejectedLine> lines, char delimiter = ',') {
    return rejected_csv(header, {delimiter, delimiter}, lines);
}

TEST(CsvRejected, HasReasonsAndOriginalColumns) {
    EXPECT_EQ(
        rejected("a;b", {{3, "1;\"x;y\"", "TYPE_MISMATCH", "b: no"}, {7, "2", "NOT_NULL", "c; d"}}, ';'),
        "eryxon_line;eryxon_code;eryxon_message;a;b\r\n3;TYPE_MISMATCH;b: no;1;\"x;y\"\r\n7;NOT_NULL;\"c; d\";2\r\n");
}

TEST(CsvRejected, KeepsLinesThatCannotBeReadWhole) {
    EXPECT_EQ(rejected("a,b", {{2, "5\" pipe,x", "INVALID_PAYLOAD", "quote"}}),
              "eryxon_line,eryxon_code,eryxon_message,a,b\r\n2,INVALID_PAYLOAD,quote,\"5\"\" pipe,x\"\r\n");
    EXPECT_EQ(rejected("a", {{2, "1,2,3", "X", "too many"}}),
              "eryxon_line,eryxon_code,eryxon_message,a\r\n2,X,too many,1,2,3\r\n");
}

TEST(CsvRejected, KeepsCellsFromBeingFormulas) {
    EXPECT_EQ(rejected("a,b,c,d", {{2, "=cmd|x,-1.5,'=1,@y", "X", "=z"}}),
              "eryxon_line,eryxon_code,eryxon_message,a,b,c,d\r\n2,X,'=z,'=cmd|x,-1.5,''=1,'@y\r\n");
    EXPECT_EQ(rejected("a", {{2, "+49 123", "X", "m"}, {3, "it's", "X", "m"}, {4, "-", "X", "m"}}),
              "eryxon_line,eryxon_code,eryxon_message,a\r\n2,X,m,'+49 123\r\n3,X,m,it's\r\n4,X,m,'-\r\n");
}

TEST(CsvRejected, KeepsHeadingsFromBeingFormulas) {
    EXPECT_EQ(rejected("=a,-1", {{2, "1,2", "X", "m"}}),
              "eryxon_line,eryxon_code,eryxon_message,'=a,-1\r\n2,X,m,1,2\r\n");
}

TEST(CsvRejected, MakesItsOwnColumnsAnew) {
    EXPECT_EQ(rejected("eryxon_line,eryxon_code,eryxon_message,'=a", {{2, "9,Y,old,''=1", "X", "new"}}),
              "eryxon_line,eryxon_code,eryxon_message,'=a\r\n2,X,new,''=1\r\n");
}

TEST(CsvFormula, ComesBackAsItWas) {
    for (std::string const begin : {"", "'", "''", "-", "'-", "x", "'x", "+1", "'+1"})
        for (std::string const rest : {"", "=", "=1", "@", "\n=", "1,5", "a", "'"}) {
            std::string const cell = begin + rest, kept = kept_from_formula(cell);
            EXPECT_EQ(without_apostrophe(kept), cell);
            bool const formula = !kept.empty() && std::string("=+-@\t\r\n").find(kept[0]) != std::string::npos;
            EXPECT_TRUE(!formula || kept.find_first_not_of("+-0123456789.,") == std::string::npos) << kept;
        }
}

TEST(CsvRejected, MayHaveAnotherDelimiter) {
    std::vector<RejectedLine> const lines{{2, "1,x;y", "X", "m, n"}};
    EXPECT_EQ(rejected_csv("a,b", {',', ';'}, lines),
              "eryxon_line;eryxon_code;eryxon_message;a;b\r\n2;X;m, n;1;\"x;y\"\r\n");
}

TEST(CsvRejected, NumbersColumnsWithoutAHeader) {
    EXPECT_EQ(rejected("", {{1, "a,b", "X", "m"}}), "eryxon_line,eryxon_code,eryxon_message,1,2\r\n1,X,m,a,b\r\n");
}

}  // namespace

}  // namespace eryxon::core
