// The advisory lock on a tenant.
#include "pg/registry/tenant_lock.hpp"

#include "pg/server/boundary.hpp"

extern "C" {
#include "storage/lock.h"
}

namespace eryxon::pg {

namespace {

// Sets this lock apart from those that users take: theirs have 1 and 2 here.
constexpr std::uint16_t lock_class = 3;

}  // namespace

void lock_tenant(const core::Uuid& tenant, TenantLock lock) {
    if (lock == TenantLock::none) return;
    std::uint32_t parts[4];
    memcpy(parts, tenant.data(), sizeof parts);
    LOCKTAG tag;
    SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, parts[0] ^ parts[1], parts[2] ^ parts[3], lock_class);
    LOCKMODE const mode = lock == TenantLock::shared ? ShareLock : ExclusiveLock;
    call([&] { LockAcquire(&tag, mode, false, false); });
}

}  // namespace eryxon::pg
