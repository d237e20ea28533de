// Advisory locks that no user can take: on a tenant, to keep calls from deadlocks with each other, and on imports.
#pragma once

#include "core/base/uuid.hpp"

#include <cstdint>

namespace eryxon::pg {

// shared: the call takes all its locks in key order. exclusive: it does not, and is alone for its tenant.
enum class TenantLock : std::uint8_t { none, shared, exclusive };

// Takes the lock until the transaction ends. It has to be the first lock that a call takes.
void lock_tenant(const core::Uuid& tenant, TenantLock lock);

// Takes the lock that shows that somebody works at an import, until the transaction ends; several may have it.
void lock_upload(std::uint64_t key);

}  // namespace eryxon::pg
