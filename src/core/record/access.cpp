// What records touch.
#include "core/record/access.hpp"

#include <algorithm>

namespace eryxon::core {

namespace {

constexpr std::uint8_t bit(Access access) {
    return static_cast<std::uint8_t>(access);
}

// The accesses that collide with one.
constexpr std::uint8_t others(Access access) {
    constexpr std::uint8_t all = bit(Access::read) | bit(Access::share) | bit(Access::write);
    return access == Access::write ? all : static_cast<std::uint8_t>(all & ~bit(access));
}

}  // namespace

bool collide(Access a, Access b) {
    return (others(a) & bit(b)) != 0;
}

bool AccessTable::collides_with(const AccessSet& set) const {
    if (accesses_.empty()) return false;
    return std::any_of(set.begin(), set.end(), [this](const Touch& touch) {
        auto const found = accesses_.find(touch.token);
        return found != accesses_.end() && (found->second & others(touch.access)) != 0;
    });
}

void AccessTable::add(const AccessSet& set) {
    for (const Touch& touch : set)
        accesses_[touch.token] |= bit(touch.access);
}

}  // namespace eryxon::core
