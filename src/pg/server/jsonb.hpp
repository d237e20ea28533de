// jsonb to core's JSON and back, without a detour over text.
#pragma once

#include "core/json/json.hpp"
#include "pg/server/prelude.hpp"

#include <optional>

extern "C" {
#include "utils/jsonb.h"
}

namespace eryxon::pg {

// Builds core's tree of the value in the arena. Its strings point into the value, which must live as long.
core::Json read_jsonb(const Jsonb* value, core::JsonArena& arena);

// How large and deep a value may be: characters of its JSON text but for white space, quotes and escapes, and levels of
// containers.
struct JsonLimits {
    std::size_t characters;
    int depth;
};

// The same for a value within the limits; nothing for others.
std::optional<core::Json> read_jsonb_within(const JsonLimits& limits, const Jsonb* value, core::JsonArena& arena);

// A jsonb datum of the tree, palloc'd in the current context: byte for byte what jsonb_in makes of the same document.
Datum make_jsonb(const core::Json& json);

}  // namespace eryxon::pg
