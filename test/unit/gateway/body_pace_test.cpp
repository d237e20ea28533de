// How long a file may take to arrive, by how fast it comes.
#include "gateway/server/body_pace.hpp"

#include <gtest/gtest.h>

namespace eryxon::gateway {
namespace {

using std::chrono::seconds;

const TimePoint began = TimePoint() + seconds(1000);
constexpr seconds usual{30};
constexpr std::uint64_t enough = 160000;  // bytes in ten seconds

TEST(BodyPace, GivesTheUsualTimeToAnyBody) {
    BodyPace pace(began, usual);
    EXPECT_EQ(pace.deadline(0, began), began + usual);
    EXPECT_EQ(pace.deadline(enough, began + seconds(5)), began + usual);
}

TEST(BodyPace, GivesNoTimeForWhatCameFastBefore) {
    BodyPace pace(began, usual);
    EXPECT_EQ(pace.deadline(250000000, began + seconds(5)), began + usual);
    EXPECT_EQ(pace.deadline(250000001, began + seconds(25)), began + usual);
}

TEST(BodyPace, GoesOnAsLongAsEnoughComesInEachWindow) {
    BodyPace pace(began, usual);
    TimePoint deadline = began + usual;
    for (std::uint64_t window = 1; window <= 60; ++window) {
        TimePoint const now = began + seconds(10 * window);
        EXPECT_LE(now, deadline) << window;
        deadline = pace.deadline(enough * window, now);
    }
    EXPECT_EQ(deadline, began + seconds(610));
    EXPECT_EQ(pace.deadline(enough * 61 - 1, began + seconds(609)), began + seconds(610));
}

TEST(BodyPace, EndsAfterAnHour) {
    BodyPace pace(began, usual);
    std::uint64_t received = 0;
    for (seconds passed{0}; passed < seconds(3600); passed += seconds(5))
        pace.deadline(received += enough, began + passed);
    EXPECT_EQ(pace.deadline(received + enough, began + seconds(3599)), began + seconds(3600));
}

TEST(BodyPace, HasShorterWindowsWhereRequestsHaveLittleTime) {
    BodyPace pace(began, seconds(1));
    EXPECT_EQ(pace.deadline(16000, began + seconds(1)), began + seconds(2));
    EXPECT_EQ(pace.deadline(31999, began + seconds(2)), began + seconds(2));
    EXPECT_EQ(pace.deadline(32000, began + seconds(2)), began + seconds(3));
}

}  // namespace
}  // namespace eryxon::gateway
