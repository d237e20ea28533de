// White space and characters that cannot be seen.
#include "core/base/invisible.hpp"

#include <gtest/gtest.h>

using namespace std::string_view_literals;

namespace eryxon::core {

namespace {

TEST(Invisible, LeavesOutOuterSpace) {
    EXPECT_EQ(without_outer_space(" \t\n\u00a0a b\u3000\u202f "), "a b");
    EXPECT_EQ(without_outer_space("\u200ba"), "\u200ba");
    for (const char* text : {"", " ", "\u00a0\u2003"})
        EXPECT_EQ(without_outer_space(text), "") << text;
}

TEST(Invisible, KnowsTextsWithNothingToSee) {
    for (std::string_view text : {""sv, " "sv, "\u200b"sv, "\ufeff \u00ad"sv, "\x1f\x7f"sv, "\0"sv, "\U000e0041"sv})
        EXPECT_TRUE(is_blank(text)) << text;
    for (const char* text : {"a", " .", "\u00e9", "\u4e2d", "\U0001f600", "\u200ba"})
        EXPECT_FALSE(is_blank(text)) << text;
}

TEST(Invisible, NamesTheFirstCharacterThatCannotBeSeen) {
    EXPECT_EQ(find_invisible("A\u200b\u200c"), "U+200B");
    EXPECT_EQ(find_invisible("\ufeffA"), "U+FEFF");
    EXPECT_EQ(find_invisible("A\x7f"), "U+007F");
    EXPECT_EQ(find_invisible("A\tB"), "U+0009");
    EXPECT_EQ(find_invisible("A\u0085"), "U+0085");
    EXPECT_EQ(find_invisible("\U000e0041"), "U+E0041");
    for (const char* text : {"", "A B", "A\u00a0B", "M\u00fcller", "\u4e2d\u6587", "\U0001f600"})
        EXPECT_EQ(find_invisible(text), std::nullopt) << text;
}

}  // namespace

}  // namespace eryxon::core
