// The seed of random tests: printed, and replayed with ERYXON_TEST_SEED=<seed>.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <random>

namespace eryxon {

// Prints the seed that the test uses and returns it.
inline std::uint64_t test_seed() {
    const char* const given = std::getenv("ERYXON_TEST_SEED");
    const std::uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
    std::cout << "ERYXON_TEST_SEED=" << seed << std::endl;
    return seed;
}

}  // namespace eryxon
