// Tests of core/csv_number.
#include "core/csv/csv_number.hpp"

#include <gtest/gtest.h>

#include <initializer_list>

namespace eryxon::core {

namespace {

TEST(CsvNumber, UndoesDecimalCommas) {
    constexpr NumberFormat comma{',', '.'};
    EXPECT_EQ(plain_number("1,5", comma), "1.5");
    EXPECT_EQ(plain_number("-1.234.567,80", comma), "-1234567.80");
    EXPECT_EQ(plain_number("1.234", comma), "1234");
    EXPECT_EQ(plain_number("007", comma), "007");
    EXPECT_EQ(plain_number("+1,5", comma), "1.5");
    EXPECT_EQ(plain_number(" -,5 ", comma), "-0.5");
    for (const char* text : {"", ",", "1,", "1.5", "1.23,4", "12.34.567", "1234.567", "1,5,0", "1 000", "0.500", "--1",
                             "+-1", "1.234.", "x"})
        EXPECT_EQ(plain_number(text, comma), "") << text;
}

TEST(CsvNumber, UndoesGroups) {
    EXPECT_EQ(plain_number("1,234.50", {'.', ','}), "1234.50");
    EXPECT_EQ(plain_number("1 234,5", {',', ' '}), "1234.5");
    EXPECT_EQ(plain_number("1\u00A0234\u202F567,5", {',', ' '}), "1234567.5");
    EXPECT_EQ(plain_number("1'234.50", {'.', '\''}), "1234.50");
    EXPECT_EQ(plain_number("1\u2019234", {'.', '\''}), "1234");
    EXPECT_EQ(plain_number("1,234", {}), "");
    EXPECT_EQ(plain_number("1.234", {}), "1.234");
}

// The decimal sign and the sign between groups, or "?".
std::string signs_of(std::initializer_list<std::string_view> cells) {
    NumberSigns signs;
    for (std::string_view const cell : cells)
        signs.look(cell);
    char const decimal = signs.decimal();
    if (decimal == '\0') return "? " + signs.example();
    std::string found(1, decimal);
    if (char const group = signs.group(decimal); group != '\0') found += group;
    return found;
}

TEST(CsvNumber, TellsSignsOnlyWhereTheyAreClear) {
    EXPECT_EQ(signs_of({"1", "25", "x"}), ".");
    EXPECT_EQ(signs_of({"1,5", "1.000"}), ",.");
    EXPECT_EQ(signs_of({"1,234.50", "12,000"}), ".,");
    EXPECT_EQ(signs_of({"1,234", "12,000", "850.50"}), ".,");
    EXPECT_EQ(signs_of({"1.234.567"}), ",.");
    EXPECT_EQ(signs_of({"0.500"}), ".");
    EXPECT_EQ(signs_of({"1 234,5"}), ", ");
    EXPECT_EQ(signs_of({"1.000", "850"}), "? 1.000");
    EXPECT_EQ(signs_of({"1,234", "12,000"}), "? 1,234");
    EXPECT_EQ(signs_of({"1.5", "1,5"}), "? ");
}

}  // namespace

}  // namespace eryxon::core
