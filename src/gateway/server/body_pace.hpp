// How fast the body of a file has to arrive.
#pragma once

#include "gateway/base/prelude.hpp"

#include <cstdint>

namespace eryxon::gateway {

// A file gets the usual time, and more of it as long as it keeps coming: within each window so many bytes more as the
// lowest speed brings. What came fast before buys no time.
class BodyPace {
public:
    static constexpr std::chrono::milliseconds longest_window = std::chrono::seconds(10);
    static constexpr std::int64_t lowest_speed = 16;  // bytes a millisecond
    static constexpr std::chrono::milliseconds longest = std::chrono::hours(1);

    // `usual`: how long any body may take.
    BodyPace(TimePoint began, std::chrono::milliseconds usual);

    // Until when something must have happened, if now so many bytes in all have been received.
    TimePoint deadline(std::uint64_t received, TimePoint now);

private:
    std::chrono::milliseconds window_;
    TimePoint earliest_;  // the deadline is between these two
    TimePoint latest_;
    TimePoint mark_;  // the window's begin, and what had been received then
    std::uint64_t received_at_mark_ = 0;
};

}  // namespace eryxon::gateway
