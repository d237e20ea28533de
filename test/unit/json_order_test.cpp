// The order of an object's members: that of RFC 8785, in whatever order they came and after whatever objects.
#include "core/json/json.hpp"

#include "seed.hpp"

#include <gtest/gtest.h>
#include <algorithm>
#include <map>
#include <random>
#include <string>

namespace eryxon::core {
namespace {

TEST(JsonOrder, FollowsUtf16CodeUnits) {
    // U+1F600 is D83D DE00 in UTF-16 and so sorts before U+FB33 and U+E000, though not in UTF-8.
    EXPECT_TRUE(canonical_less("", "a"));
    EXPECT_FALSE(canonical_less("a", ""));
    EXPECT_FALSE(canonical_less("a", "a"));
    EXPECT_TRUE(canonical_less("a", "ab"));
    EXPECT_TRUE(canonical_less("B", "a"));
    EXPECT_TRUE(canonical_less("z", "ä"));
    EXPECT_TRUE(canonical_less("ä", "€"));
    EXPECT_TRUE(canonical_less("\U0001F600", "\uFB33"));
    EXPECT_TRUE(canonical_less("\U0001F600", "\uE000"));
    EXPECT_FALSE(canonical_less("\uE000", "\U0010FFFF"));
    EXPECT_TRUE(canonical_less("\uD7FF", "\U00010000"));
    EXPECT_TRUE(canonical_less("same\U0001F600", "same\uFFFD"));
    EXPECT_TRUE(canonical_less("\U00010000", "\U00010001"));
}

TEST(JsonOrder, HoldsForObjectsOfAnySize) {
    for (const int count : {2, 24, 25, 32, 33, 1000}) {
        std::string text = "{";
        for (int i = 0; i < count; ++i) {
            const std::string name = std::to_string(i * 7919 % count);
            text += (i % 3 == 0   ? "\"shared prefix "
                     : i % 3 == 1 ? "\"\\ud83d\\ude00"
                                  : "\"\\ufb33") +
                    name + "\":" + std::to_string(i) + ",";
        }
        text.back() = '}';
        JsonArena arena;
        const Json json = parse_json(text, arena);
        const auto members = json.members();
        ASSERT_EQ(members.size(), static_cast<std::size_t>(count));
        for (std::size_t i = 1; i < members.size(); ++i)
            EXPECT_TRUE(canonical_less(members[i - 1].name, members[i].name));
        for (const JsonMember& member : members)
            EXPECT_EQ(json.find(member.name), &member.value);
        EXPECT_EQ(json.find("shared prefix"), nullptr);
        EXPECT_EQ(json.find("shared prefix 99999"), nullptr);
    }
}

// Objects of the same number of members, whose names are now those of the one before, now in another order, now others,
// now repeated.
TEST(JsonOrder, HoldsAfterObjectsLikeIt) {
    std::mt19937_64 random(test_seed());
    JsonArena arena;
    std::vector<std::string> names{"a", "b", "ab", "order_type", "order_types", "external_id", "external_source_of_x"};
    for (int round = 0; round < 2000; ++round) {
        if (random() % 2 == 0) std::shuffle(names.begin(), names.end(), random);
        std::string changed = names.back();
        if (random() % 4 == 0) changed[random() % changed.size()] = 'q';
        std::map<std::string, std::string> expected;
        std::string text;
        for (std::size_t i = 0; i < names.size(); ++i) {
            const std::string name = i + 1 < names.size() ? names[i] : random() % 8 == 0 ? names[0] : changed;
            expected[name] = std::to_string(i);
            text += (i == 0 ? "{\"" : ",\"") + name + "\":" + std::to_string(i);
        }
        std::string sorted;
        for (const auto& [name, value] : expected)
            sorted += (sorted.empty() ? "{\"" : ",\"") + name + "\":" + value;
        std::string out;
        write_json(parse_json(text + '}', arena), out);
        ASSERT_EQ(out, sorted + '}');
    }
}

}  // namespace
}  // namespace eryxon::core
