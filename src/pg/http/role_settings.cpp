// What PostgREST and the gateway do for the role of a token, done for the role of an API key.
#include "pg/http/role_settings.hpp"

#include "core/base/sql_text.hpp"
#include "pg/server/compat.hpp"
#include "pg/server/request.hpp"
#include "pg/server/spi.hpp"

extern "C" {
#include "miscadmin.h"
#include "utils/acl.h"
}

namespace eryxon::pg {

namespace {

// The role's settings in all databases, then those in this one, which win.
std::string lines_of_role() {
    return core::sql(R"(
    SELECT c.line
      FROM pg_catalog.pg_db_role_setting s, LATERAL pg_catalog.unnest(s.setconfig) AS c(line)
     WHERE pg_catalog.pg_get_userbyid(s.setrole) == $1::pg_catalog.name
       AND (s.setdatabase == 0::pg_catalog.oid OR s.setdatabase ==
               (SELECT d.oid FROM pg_catalog.pg_database d
                 WHERE d.datname == pg_catalog.current_database()))
     ORDER BY s.setdatabase <> 0::pg_catalog.oid)");
}

// True for a setting that the login role may make for a transaction: not for what pg_settings hides, such as the role
// itself, and not for the isolation level, which is chosen when the transaction begins.
bool may_set(const std::string& name) {
    return call([&] {
        if (pg_strcasecmp(name.c_str(), "default_transaction_isolation") == 0) return false;
        const config_generic* setting = find_setting(name.c_str());
        if (setting == nullptr || (setting->flags & GUC_NO_SHOW_ALL) != 0) return false;
        if (setting->context == PGC_USERSET) return true;
        return setting->context == PGC_SUSET &&
               pg_parameter_aclcheck(setting->name, GetSessionUserId(), ACL_SET) == ACLCHECK_OK;
    });
}

}  // namespace

void apply_role_settings(const std::string& role) {
    std::vector<std::pair<std::string, std::string>> settings;
    execute(lines_of_role(), {Param::text(role)}, [&](const Row& row) {
        std::string_view const line = row.text(0);
        std::size_t const equals = std::min(line.find('='), line.size());
        settings.emplace_back(line.substr(0, equals), line.substr(std::min(equals + 1, line.size())));
    });
    for (const auto& [name, value] : settings)
        if (may_set(name)) set_for_transaction(name.c_str(), value);
}

}  // namespace eryxon::pg
