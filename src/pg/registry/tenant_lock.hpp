// The advisory lock on a tenant that keeps calls from deadlocks with each other.
#pragma once

#include "core/base/uuid.hpp"

#include <cstdint>

namespace eryxon::pg {

// shared: the call takes all its locks in key order. exclusive: it does not, and is alone for its tenant.
enum class TenantLock : std::uint8_t { none, shared, exclusive };

// Takes the lock until the transaction ends. It has to be the first lock that a call takes.
void lock_tenant(const core::Uuid& tenant, TenantLock lock);

}  // namespace eryxon::pg
