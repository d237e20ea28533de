// eryxon_delete, eryxon_delete_external and eryxon_restore.
#pragma once

#include "core/base/uuid.hpp"
#include "core/json/json.hpp"

#include <string_view>

namespace eryxon::pg {

// How to delete: really or softly; without force, work in progress is not deleted.
struct DeleteMode {
    bool hard;
    bool force;
};

// Each returns the answer, for writing, in the arena.
core::Json delete_row(std::string_view entity, const core::Uuid& id, const DeleteMode& mode, core::JsonArena& arena);
core::Json delete_external(std::string_view entity, std::string_view source, std::string_view external_id,
                           const DeleteMode& mode, core::JsonArena& arena);
core::Json restore_row(std::string_view entity, const core::Uuid& id, core::JsonArena& arena);

}  // namespace eryxon::pg
