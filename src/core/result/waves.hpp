// Dividing a call into waves: within one wave no two units get in each other's way, so that each wave can be written
// set by set, and the waves one after the other act as if the units were sent one by one.
#pragma once

#include "core/base/core.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace eryxon::core {

// What a unit (a top-level record with its children) touches. Tokens are hashes of keys and of values in unique
// indexes; two different things with the same token only cost a wave.
struct Claims {
    std::vector<std::uint64_t> writes;   // alone in a wave
    std::vector<std::uint64_t> reads;    // together with other readers, not with a writer
    std::vector<std::uint64_t> ordered;  // same wave or later
    std::vector<std::uint32_t> after;    // units that come first, in the same wave or earlier, even if sent later
    bool barrier = false;                // nothing else shares its wave, and all others keep their side of it
};

// The units, by index, in the order in which each wave has to write them. Units that wait for each other
// in a circle end up in one wave.
std::vector<std::vector<std::uint32_t>> plan_waves(std::span<const Claims> units);

}  // namespace eryxon::core
