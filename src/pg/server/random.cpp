// Random bytes are fetched for some hundred ids at once: one by one they would cost more than what the ids are for.
#include "pg/server/random.hpp"

#include "pg/server/boundary.hpp"

#include <algorithm>
#include <stdexcept>

namespace eryxon::pg {

namespace {

// The bytes that the session has fetched; the last ones are not used yet. Empty where the session begins, so that no
// two sessions have the same.
struct Pool {
    std::array<std::uint8_t, 4000> bytes;
    std::size_t unused = 0;
};
Pool pool;

void refill() {
    pool.unused = 0;
    if (!call([] { return pg_strong_random(pool.bytes.data(), pool.bytes.size()); }))
        throw std::runtime_error("could not generate random values");
    pool.unused = pool.bytes.size();
}

}  // namespace

void fill_random(std::span<std::uint8_t> bytes) {
    if (pool.unused < bytes.size()) refill();
    std::copy_n(pool.bytes.end() - pool.unused, bytes.size(), bytes.begin());
    pool.unused -= bytes.size();
}

core::Uuid random_uuid() {
    core::Uuid uuid;
    fill_random(uuid);
    uuid[6] = static_cast<std::uint8_t>(0x40 | (uuid[6] & 0x0f));
    uuid[8] = static_cast<std::uint8_t>(0x80 | (uuid[8] & 0x3f));
    return uuid;
}

}  // namespace eryxon::pg
