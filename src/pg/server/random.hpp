// Random bytes for ids.
#pragma once

#include "core/base/uuid.hpp"

#include <cstdint>
#include <span>

namespace eryxon::pg {

// Fills up to 4000 bytes from the server's strong source.
void fill_random(std::span<std::uint8_t> bytes);

// A random uuid (version 4).
core::Uuid random_uuid();

}  // namespace eryxon::pg
