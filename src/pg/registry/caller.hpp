// Who calls: found once, by the function that is called first, and handed to what it runs with other rights or another
// search_path.
#pragma once

#include "core/base/uuid.hpp"
#include "pg/server/prelude.hpp"

#include <optional>
#include <string>

namespace eryxon::pg {

// Finds the tenant as the caller. While this lives, it is the tenant of that user, whatever the search_path.
class Caller {
public:
    Caller();
    ~Caller();
    Caller(const Caller&) = delete;
    Caller& operator=(const Caller&) = delete;

    const core::Uuid& tenant() const { return tenant_; }

private:
    friend std::optional<core::Uuid> tenant_of_caller();
    friend const char* callers_path();
    friend class CallersPath;

    const Caller* outer_;
    Oid user_;
    std::string path_;
    core::Uuid tenant_;
};

// The search_path with which the call began, for code of users inside functions of the extension that pin theirs.
class CallersPath {
public:
    CallersPath();
    void leave() const;  // an error leaves it by itself

private:
    int settings_ = 0;  // their nesting level
};

// The search_path with which the current user's call began; the present one where that is not known.
const char* callers_path();

// The tenant that the current user was found to have when the call began.
std::optional<core::Uuid> tenant_of_caller();

// The tenant that the current user administers; none for a superuser, who administers all.
std::optional<core::Uuid> administered_tenant();

enum class Rights { caller, owner };

// Calls the inner function of the SQL function that is running: the one of schema eryxon with the same name, less
// eryxon_, that takes the tenant and the caller's role before the same arguments. With Rights::owner it runs as the
// extension's owner: no user code may run inside.
Datum call_inner(FunctionCallInfo outer, const std::optional<core::Uuid>& tenant, Rights rights);

}  // namespace eryxon::pg
