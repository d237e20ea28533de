// What the bodies of all requests may take together, and each caller of it.
#include "gateway/api/body_memory.hpp"

#include <gtest/gtest.h>
#include <deque>
#include <string>

namespace eryxon::gateway {
namespace {

constexpr std::uint64_t M = 1 << 20;

TEST(BodyMemory, IsSharedAndGivenBack) {
    BodyMemory memory(100 * M);
    BodyMemory::Share first(memory);
    first.belong_to("a");
    EXPECT_TRUE(first.grow_to(60 * M));
    {
        BodyMemory::Share second(memory);
        second.belong_to("b");
        EXPECT_TRUE(second.grow_to(40 * M));
        EXPECT_FALSE(second.grow_to(41 * M));
        EXPECT_FALSE(first.grow_to(61 * M));
        EXPECT_EQ(memory.used(), 100 * M);
    }
    EXPECT_EQ(memory.used(), 60 * M);
    EXPECT_TRUE(first.grow_to(10 * M));
    EXPECT_EQ(memory.used(), 60 * M);
    first.release();
    EXPECT_EQ(memory.used(), 0U);
    EXPECT_TRUE(first.grow_to(100 * M));
}

TEST(BodyMemory, KeepsAQuarterFromFiles) {
    BodyMemory memory(100 * M);
    BodyMemory::Share file(memory), other(memory), second(memory);
    file.belong_to("a");
    second.belong_to("b");
    other.belong_to("c");
    EXPECT_TRUE(file.grow_to(50 * M, true));
    EXPECT_FALSE(second.grow_to(26 * M, true));
    EXPECT_TRUE(second.grow_to(25 * M, true));
    EXPECT_FALSE(file.grow_to(51 * M, true));
    EXPECT_TRUE(other.grow_to(25 * M));
    file.release();
    EXPECT_TRUE(second.grow_to(75 * M, true));
    EXPECT_EQ(memory.used(), 100 * M);
}

TEST(BodyMemory, HasRoomForSmallBodiesAlways) {
    BodyMemory memory(M);
    BodyMemory::Share large(memory), small(memory);
    large.belong_to("a");
    EXPECT_TRUE(large.grow_to(M));
    EXPECT_TRUE(small.grow_to(BodyMemory::small));
    EXPECT_FALSE(small.grow_to(BodyMemory::small + 1));
}

TEST(BodyMemory, LeavesAShareForOtherCallers) {
    BodyMemory memory(100 * M);
    std::deque<BodyMemory::Share> flood;
    while (true) {
        flood.emplace_back(memory);
        flood.back().belong_to("flood");
        if (!flood.back().grow_to(M)) break;
    }
    EXPECT_EQ(flood.size() - 1, 75U);
    for (int number = 0; number < 10; ++number) {
        BodyMemory::Share other(memory);
        other.belong_to(std::to_string(number));
        EXPECT_TRUE(other.grow_to(16 * M));
    }
    flood.clear();
    BodyMemory::Share again(memory);
    again.belong_to("flood");
    EXPECT_TRUE(again.grow_to(100 * M));
}

}  // namespace
}  // namespace eryxon::gateway
