// Places are shared so that the next caller finds one.
#include "gateway/api/places.hpp"

#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace eryxon::gateway {
namespace {

// Takes as many as the caller gets.
std::vector<Places::Place> take_all(const Places& places, const std::string& caller) {
    std::vector<Places::Place> taken;
    while (Places::Place place = places.take(caller))
        taken.push_back(std::move(place));
    return taken;
}

TEST(Places, OneCallerLeavesAQuarter) {
    Places const places(1000);
    auto const flood = take_all(places, "a");
    EXPECT_EQ(flood.size(), 750u);
    EXPECT_NE(places.take("b"), nullptr);
}

TEST(Places, ManyCallersLeaveSome) {
    Places const places(1000);
    std::vector<std::vector<Places::Place>> taken;
    for (int n = 0; n < 4; n++)
        taken.push_back(take_all(places, std::to_string(n)));
    EXPECT_GT(taken.back().size(), 0u);
    EXPECT_NE(places.take("next"), nullptr);
}

TEST(Places, WhatIsLetGoIsFree) {
    Places const places(4);
    EXPECT_EQ(take_all(places, "a").size(), 3u);
    EXPECT_EQ(take_all(places, "a").size(), 3u);
}

TEST(Places, FewAreGivenToWhoComes) {
    EXPECT_EQ(take_all(Places(1), "a").size(), 1u);
    EXPECT_EQ(take_all(Places(2), "a").size(), 2u);
}

TEST(Places, BeyondAShareAllThatIsFree) {
    Places const places(4);
    auto const share = take_all(places, "a");
    Places::Place const fourth = places.take_beyond_share("a");
    EXPECT_NE(fourth, nullptr);
    EXPECT_EQ(places.take_beyond_share("a"), nullptr);
    EXPECT_EQ(places.take("b"), nullptr);
}

TEST(Places, OutliveTheirOwner) {
    Places::Place place;
    {
        Places const places(1);
        place = places.take("a");
    }
    EXPECT_NE(place, nullptr);
}

}  // namespace
}  // namespace eryxon::gateway
