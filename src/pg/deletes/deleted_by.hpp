// Who is written to deleted_by.
#pragma once

#include "pg/registry/registry.hpp"

#include "core/base/uuid.hpp"

namespace eryxon::pg {

// The user, unless a foreign key of the table's column deleted_by does not know him: an ERP's token may name anybody.
std::optional<core::Uuid> known_user(const Table& table, const core::Uuid& tenant,
                                     const std::optional<core::Uuid>& user);

}  // namespace eryxon::pg
