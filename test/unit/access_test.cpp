// What two records touch, and whether one has to wait for the other.
#include "core/record/access.hpp"

#include <gtest/gtest.h>

namespace eryxon::core {
namespace {

TEST(Access, ReadersAndSharersDisturbOnlyOthers) {
    EXPECT_FALSE(collide(Access::read, Access::read));
    EXPECT_FALSE(collide(Access::share, Access::share));
    EXPECT_TRUE(collide(Access::read, Access::share));
    EXPECT_TRUE(collide(Access::write, Access::write));
}

TEST(Access, IsSymmetric) {
    for (Access a : {Access::read, Access::share, Access::write})
        for (Access b : {Access::read, Access::share, Access::write})
            EXPECT_EQ(collide(a, b), collide(b, a));
}

TEST(AccessTable, KnowsWhatWasAdded) {
    AccessTable table;
    EXPECT_FALSE(table.collides_with({{1, Access::write}}));
    table.add({{1, Access::read}, {2, Access::share}});
    EXPECT_FALSE(table.collides_with({}));
    EXPECT_FALSE(table.collides_with({{1, Access::read}, {2, Access::share}, {3, Access::write}}));
    EXPECT_TRUE(table.collides_with({{3, Access::read}, {1, Access::write}}));
    EXPECT_TRUE(table.collides_with({{2, Access::read}}));
}

TEST(AccessTable, RemembersEveryAccessToOneThing) {
    AccessTable table;
    table.add({{1, Access::read}});
    table.add({{1, Access::share}});
    EXPECT_TRUE(table.collides_with({{1, Access::read}}));
    EXPECT_TRUE(table.collides_with({{1, Access::share}}));
}

}  // namespace
}  // namespace eryxon::core
