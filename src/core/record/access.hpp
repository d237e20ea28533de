// What records touch: two records that touch the same thing may have to act one after the other.
#pragma once

#include "core/base/core.hpp"

#include <cstdint>
#include <unordered_map>
#include <vector>

namespace eryxon::core {

// Those who `read` a thing do not disturb each other, nor do those who `share` it; who `writes` it is alone with it.
enum class Access : std::uint8_t { read = 1, share = 2, write = 4 };

// True if it makes a difference which of the two comes first.
bool collide(Access a, Access b);

// One thing that a record touches. Tokens are hashes of keys, rows and values of unique indexes; two different things
// with the same token only cost a statement.
struct Touch {
    std::uint64_t token;
    Access access;
    std::uint32_t item = 0;  // the record's place in its tree
    bool nested = false;     // a record and those that stand in it touch it in the order of their statements anyway
};

using AccessSet = std::vector<Touch>;

// What the records of a wave touch together.
class AccessTable {
public:
    bool collides_with(const AccessSet& set) const;
    void add(const AccessSet& set);

private:
    std::unordered_map<std::uint64_t, std::uint8_t> accesses_;  // Access values that occur, by token
};

}  // namespace eryxon::core
