// Acting as another user inside the server: the extension's owner for its own state, a table's owner where a foreign
// key would act as one.
#pragma once

#include "pg/server/boundary.hpp"

namespace eryxon::pg {

// The extension's owner. Raises 55000 if the extension is being dropped.
Oid extension_owner();

// A user and its security context, as the server keeps them.
struct UserContext {
    Oid user;
    int flags;
};

UserContext current_user_context();
void set_user_context(const UserContext& context);

// Runs the work as that user. `flags` are added to the security context (SECURITY_NOFORCE_RLS, for one).
template <class Work>
auto as_user(Oid user, int flags, Work&& work) {
    UserContext const before = current_user_context();
    set_user_context({user, before.flags | flags});
    try {
        if constexpr (std::is_void_v<std::invoke_result_t<Work>>) {
            work();
            set_user_context(before);
        } else {
            auto result = work();
            set_user_context(before);
            return result;
        }
    } catch (...) {
        set_user_context(before);
        throw;
    }
}

// Runs the work as the extension's owner. No user code may run inside.
template <class Work>
auto as_extension_owner(Work&& work) {
    return as_user(extension_owner(), SECURITY_LOCAL_USERID_CHANGE | SECURITY_NOFORCE_RLS, std::forward<Work>(work));
}

Oid table_owner(Oid table);

// Runs the work with the rights that a foreign key's own actions have on the table.
template <class Work>
auto as_table_owner(Oid table, Work&& work) {
    return as_user(table_owner(table), SECURITY_LOCAL_USERID_CHANGE | SECURITY_NOFORCE_RLS, std::forward<Work>(work));
}

// True if the user may have rows of his refer to the table's ids, as for a foreign key.
bool may_refer(Oid user, Oid table);

// What is written to a child's table because of a parent's row runs triggers of the child's owner. Where his code does
// not run with the caller's rights anyway, it must leave nothing behind that would: no deferred trigger, no setting.
class ChildScope {
public:
    ChildScope(Oid parent, Oid child);
    int flags() const { return flags_; }
    void leave() const;

private:
    int flags_ = SECURITY_LOCAL_USERID_CHANGE | SECURITY_NOFORCE_RLS;
    int settings_ = 0;  // their nesting level
};

// Writes to the child's table because of rows of the parent's, as the child's owner.
template <class Work>
void as_child_owner(Oid parent, Oid child, Work&& work) {
    ChildScope const scope(parent, child);
    as_user(table_owner(child), scope.flags(), std::forward<Work>(work));
    scope.leave();
}

}  // namespace eryxon::pg
