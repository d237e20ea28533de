// jsonb to core's JSON and back.
#pragma once

#include "core/json.hpp"
#include "pg/prelude.hpp"

#include <string>

extern "C" {
#include "utils/jsonb.h"
}

namespace eryxon::pg {

// Builds core's tree of the value in the arena.
core::Json read_jsonb(Jsonb* value, core::JsonArena& arena);

// A jsonb datum of the JSON text, palloc'd in the current context.
Datum make_jsonb(const std::string& text);

}  // namespace eryxon::pg
