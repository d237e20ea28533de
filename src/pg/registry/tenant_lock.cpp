// Advisory locks of the extension's own classes.
#include "pg/registry/tenant_lock.hpp"

#include "pg/server/boundary.hpp"

extern "C" {
#include "storage/lock.h"
}

namespace eryxon::pg {

namespace {

// Sets these locks apart from those that users take, which have 1 and 2 here, and from those of number.cpp, 4.
constexpr std::uint16_t tenant_class = 3, upload_class = 5;

void acquire(std::uint32_t first, std::uint32_t second, std::uint16_t lock_class, LOCKMODE mode) {
    LOCKTAG tag;
    SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, first, second, lock_class);
    call([&] { LockAcquire(&tag, mode, false, false); });
}

}  // namespace

void lock_tenant(const core::Uuid& tenant, TenantLock lock) {
    if (lock == TenantLock::none) return;
    std::uint32_t parts[4];
    memcpy(parts, tenant.data(), sizeof parts);
    acquire(parts[0] ^ parts[1], parts[2] ^ parts[3], tenant_class,
            lock == TenantLock::shared ? ShareLock : ExclusiveLock);
}

void lock_upload(std::uint64_t key) {
    acquire(static_cast<std::uint32_t>(key >> 32), static_cast<std::uint32_t>(key), upload_class, ShareLock);
}

}  // namespace eryxon::pg
