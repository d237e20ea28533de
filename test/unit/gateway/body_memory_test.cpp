// What the bodies of all requests may take together.
#include "gateway/body_memory.hpp"

#include <gtest/gtest.h>

namespace eryxon::gateway {
namespace {

TEST(BodyMemory, IsSharedAndGivenBack) {
    BodyMemory memory(100);
    BodyMemory::Share first(memory);
    EXPECT_TRUE(first.grow_to(60));
    {
        BodyMemory::Share second(memory);
        EXPECT_TRUE(second.grow_to(40));
        EXPECT_FALSE(second.grow_to(41));
        EXPECT_FALSE(first.grow_to(61));
        EXPECT_EQ(memory.used(), 100U);
    }
    EXPECT_EQ(memory.used(), 60U);
    EXPECT_TRUE(first.grow_to(10));
    EXPECT_EQ(memory.used(), 60U);
    first.release();
    EXPECT_EQ(memory.used(), 0U);
    EXPECT_TRUE(first.grow_to(100));
}

TEST(BodyMemory, KeepsAQuarterFromFiles) {
    BodyMemory memory(100);
    BodyMemory::Share file(memory), other(memory), second(memory);
    EXPECT_TRUE(file.grow_to(50, true));
    EXPECT_FALSE(second.grow_to(26, true));
    EXPECT_TRUE(second.grow_to(25, true));
    EXPECT_FALSE(file.grow_to(51, true));
    EXPECT_TRUE(other.grow_to(25));
    file.release();
    EXPECT_TRUE(second.grow_to(75, true));
    EXPECT_EQ(memory.used(), 100U);
}

}  // namespace
}  // namespace eryxon::gateway
