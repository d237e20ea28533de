// A number of places that callers share: each gets another one as long as it holds fewer than three times those that
// are free, so however many have taken theirs, the next finds one.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

namespace eryxon::gateway {

class Places {
public:
    // Held until it is let go, by any thread.
    using Place = std::shared_ptr<void>;

    explicit Places(std::size_t all);

    // Nothing if the caller has its share, or no place is free. For any thread.
    Place take(const std::string& caller) const;
    // The same, whatever the caller holds.
    Place take_beyond_share(const std::string& caller) const;

private:
    struct State;
    struct Holder;
    static constexpr std::size_t times_free = 3;

    std::shared_ptr<State> state_;  // places that are held keep it
};

}  // namespace eryxon::gateway
