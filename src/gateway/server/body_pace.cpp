// A window ends as soon as it has brought enough; the next begins there.
#include "gateway/server/body_pace.hpp"

#include <algorithm>

namespace eryxon::gateway {

BodyPace::BodyPace(TimePoint began, std::chrono::milliseconds usual)
    : window_(std::min(longest_window, usual)),
      earliest_(began + usual),
      latest_(began + std::max(longest, usual)),
      mark_(began) {}

TimePoint BodyPace::deadline(std::uint64_t received, TimePoint now) {
    auto const enough = static_cast<std::uint64_t>(lowest_speed * window_.count());
    if (received - received_at_mark_ >= enough) {
        mark_ = now;
        received_at_mark_ = received;
    }
    return std::clamp(mark_ + window_, earliest_, latest_);
}

}  // namespace eryxon::gateway
