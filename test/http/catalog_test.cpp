// The functions of eryxon_api as PostgREST's schema cache sees them, an entity of the user's own, and what a grant
// gives.
#include "fixture.hpp"

#include <cstdlib>
#include <set>

namespace eryxon::http_test {
namespace {

constexpr int all_functions = 52;

class CatalogTest : public HttpTest {
protected:
    void TearDown() override {
        admin().run(
            "DO $$ BEGIN IF EXISTS (SELECT FROM eryxon.entity WHERE entity = 'tools') THEN PERFORM "
            "eryxon_detach('tools'); END IF; END $$;"
            "DROP TABLE IF EXISTS tools; DROP TABLE IF EXISTS secrets");
        rest().load_schema();
    }
    static void make_tools() {
        admin().run(
            "CREATE TABLE tools (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), tenant_id uuid NOT NULL, name text NOT "
            "NULL, wear int)");
        admin().run(
            "SELECT eryxon_attach('tools', 'tools'); SELECT eryxon_map_field('tools', 'name', '{\"required\": true}');"
            "SELECT eryxon_map_field('tools', 'wear', '{\"min\": 0}')");
    }
    static int functions(const std::string& pattern) {
        return count("pg_proc", "pronamespace = 'eryxon_api'::regnamespace AND proname LIKE '" + pattern + "'");
    }
    static std::string arguments(const std::string& function) {
        return admin().value(
            "SELECT pg_get_function_arguments(oid) FROM pg_proc WHERE pronamespace = 'eryxon_api'::regnamespace AND "
            "proname = '" +
            function + "'");
    }
};

TEST_F(CatalogTest, HasTheFunctionsOfTheContract) {
    for (const char* entity : {"jobs", "parts", "operations", "cells", "resources"}) {
        const std::string api = std::string("api-") + entity;
        EXPECT_EQ(arguments(api + "-sync"), "json");
        EXPECT_EQ(arguments(api + "-bulk-sync"), "json");
        EXPECT_EQ(
            arguments(api + "-delete"),
            "id uuid DEFAULT NULL::uuid, external_id text DEFAULT NULL::text, external_source text DEFAULT NULL::text, "
            "hard boolean DEFAULT NULL::boolean, force boolean DEFAULT NULL::boolean");
        EXPECT_EQ(
            arguments(api + "-list"),
            "id uuid DEFAULT NULL::uuid, external_id text DEFAULT NULL::text, external_source text DEFAULT NULL::text, "
            "status text DEFAULT NULL::text, search text DEFAULT NULL::text, "
            "updated_since text DEFAULT NULL::text, "
            "include_deleted boolean DEFAULT NULL::boolean, sort_by text DEFAULT NULL::text, sort_order text DEFAULT "
            "NULL::text, "
            "max_rows integer DEFAULT NULL::integer, skip_rows integer DEFAULT NULL::integer, "
            "fields text DEFAULT NULL::text, filters text DEFAULT NULL::text");
    }
    EXPECT_EQ(arguments("api-erp-sync-diff"), "json");
    EXPECT_EQ(arguments("api-erp-sync-sync"), "json");
    EXPECT_EQ(
        arguments("api-erp-sync-status"),
        "entity_type text DEFAULT NULL::text, source text DEFAULT NULL::text, max_rows integer DEFAULT NULL::integer");
    EXPECT_EQ(arguments("api-webhooks-create"), "json");
    EXPECT_EQ(arguments("api-webhooks-update"), "id uuid DEFAULT NULL::uuid, changes json DEFAULT NULL::json");
    EXPECT_EQ(arguments("api-webhooks-list"), "id uuid DEFAULT NULL::uuid");
    EXPECT_EQ(arguments("api-webhooks-delete"), "id uuid DEFAULT NULL::uuid");
    EXPECT_EQ(arguments("api-webhook-logs-list"),
              "webhook_id uuid DEFAULT NULL::uuid, status text DEFAULT NULL::text, max_rows integer DEFAULT "
              "NULL::integer, skip_rows integer DEFAULT NULL::integer");
    EXPECT_EQ(arguments("api-keys-create"), "json");
    EXPECT_EQ(arguments("api-csv-mappings-save"), "json");
    EXPECT_EQ(arguments("api-admin-session"), "");
    EXPECT_EQ(arguments("api-csv-import"),
              "entity text DEFAULT NULL::text, file bytea DEFAULT NULL::bytea, options json DEFAULT NULL::json");
    EXPECT_EQ(
        arguments("api-json-import-step"),
        "run uuid DEFAULT NULL::uuid, part bigint DEFAULT NULL::bigint, place bigint DEFAULT NULL::bigint, records "
        "bytea DEFAULT NULL::bytea");
    EXPECT_EQ(functions("api-%"), all_functions);
}

TEST_F(CatalogTest, SuitsPostgrest) {
    EXPECT_EQ(count("(SELECT proname FROM pg_proc WHERE pronamespace = 'eryxon_api'::regnamespace GROUP BY 1 HAVING "
                    "count(*) > 1) twice"),
              0);
    EXPECT_EQ(
        count(
            "pg_proc, unnest(proargnames) name",
            "pronamespace = 'eryxon_api'::regnamespace AND name IN ('limit', 'offset', 'order', 'select', 'and', 'or', "
            "'columns', 'on_conflict', 'not')"),
        0);
    EXPECT_EQ(
        count("pg_proc p", "pronamespace = 'eryxon_api'::regnamespace AND obj_description(oid, 'pg_proc') IS NULL"), 0);
    EXPECT_EQ(count("pg_proc p", "pronamespace = 'eryxon_api'::regnamespace AND proname = 'pre_request' AND prosecdef"),
              0);
    EXPECT_EQ(count("pg_class", "relnamespace = 'eryxon_api'::regnamespace"), 0);
}

TEST_F(CatalogTest, AttachMakesFunctionsAndDetachDropsThem) {
    admin().run("LISTEN pgrst");
    make_tools();
    EXPECT_EQ(admin().notification("pgrst", 5), "reload schema");
    EXPECT_EQ(functions("api-tools-%"), 4);
    EXPECT_EQ(count("pg_proc", "proname LIKE 'api-tools-%' AND obj_description(oid, 'pg_proc') IS NULL"), 0);
    EXPECT_EQ(arguments("api-tools-list"), arguments("api-jobs-list"));
    EXPECT_EQ(arguments("api-tools-delete"), arguments("api-jobs-delete"));
    rest().load_schema();
    EXPECT_TRUE(rest().routines().at("api-tools-list").stable);

    expect_failure(call("api-tools-sync", record("T", R"("name":"drill")")), 403, "FORBIDDEN");
    admin().run("SELECT eryxon_grant_api('eryxon_api')");
    expect_success(call("api-tools-sync", record("T", R"("name":"drill")")), 201);
    expect_failure(call("api-tools-sync", record("T", R"("wear":-1)")), 422, "VALIDATION_ERROR", "MIN_VALUE");
    EXPECT_EQ(call("api-tools-bulk-sync", "{\"tools\":[" + record("T", R"("name":"drill")") + "]}").at("/data/skipped"),
              "1");
    EXPECT_EQ(get("api-tools-list", {}).at("/data/tools/0/name"), "drill");
    EXPECT_EQ(get("api-tools-list", {{"id", id_of("tools", "T")}}).at("/data/tool/name"), "drill");
    EXPECT_EQ(call("api-erp-sync-sync", "{\"tools\":[" + record("T", R"("wear":1)") + "]}").at("/data/summary/updated"),
              "1");
    expect_success(call("api-tools-delete", R"({"external_id":"T","external_source":"SAP"})"));

    while (admin().notification("pgrst", 0) != "(none)") {
    }
    admin().run("SELECT eryxon_attach('tools', 'tools')");
    EXPECT_EQ(functions("api-tools-%"), 4);
    admin().run("SELECT eryxon_detach('tools')");
    EXPECT_EQ(admin().notification("pgrst", 5), "reload schema");
    EXPECT_EQ(functions("api-tools-%"), 0);
    rest().load_schema();
    expect_raised(call("api-tools-sync", "{}"), 404, "PGRST202");
    EXPECT_EQ(functions("api-%"), all_functions);
}

// Functions of an attached entity go with the extension, its table stays.
TEST_F(CatalogTest, DroppingTheExtensionTakesTheFunctions) {
    const std::string name = std::string(std::getenv("PGDATABASE")) + "_drop";
    admin().run("CREATE DATABASE " + name + " TEMPLATE template0");
    {
        Session other(name);
        other.run(
            "CREATE EXTENSION eryxon_sync; CREATE TABLE tools (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), "
            "tenant_id uuid NOT NULL, name text)");
        other.run("SELECT eryxon_attach('tools', 'tools'); INSERT INTO tools (tenant_id) VALUES (gen_random_uuid())");
        EXPECT_EQ(other.value("SELECT count(*) FROM pg_proc WHERE proname LIKE 'api-tools-%'"), "4");
        EXPECT_NO_THROW(other.run("DROP EXTENSION eryxon_sync"));
        EXPECT_EQ(other.value("SELECT count(*) FROM pg_proc WHERE proname LIKE 'api-%'"), "0");
        EXPECT_EQ(other.value("SELECT count(*) FROM tools"), "1");
        EXPECT_NO_THROW(other.run("CREATE EXTENSION eryxon_sync"));
    }
    admin().run("DROP DATABASE " + name);
}

// All privileges of all roles, as lines such as "table jobs INSERT".
const std::string privileges = R"(
    SELECT line FROM (
        SELECT 'table ' || o.oid::regclass || ' ' || a.privilege_type || CASE WHEN a.is_grantable THEN '*' ELSE '' END AS line, a.grantee
          FROM pg_class o, aclexplode(coalesce(o.relacl, acldefault('r', o.relowner))) a WHERE o.relkind IN ('r', 'v', 'm', 'p', 'S')
        UNION ALL
        SELECT 'column ' || o.attrelid::regclass || '.' || o.attname || ' ' || a.privilege_type, a.grantee
          FROM pg_attribute o, aclexplode(o.attacl) a
        UNION ALL
        SELECT 'schema ' || o.nspname || ' ' || a.privilege_type, a.grantee
          FROM pg_namespace o, aclexplode(coalesce(o.nspacl, acldefault('n', o.nspowner))) a
        UNION ALL
        SELECT 'function ' || o.oid::regprocedure || ' ' || a.privilege_type, a.grantee
          FROM pg_proc o, aclexplode(coalesce(o.proacl, acldefault('f', o.proowner))) a
        UNION ALL
        SELECT 'type ' || o.typname, a.grantee FROM pg_type o, aclexplode(o.typacl) a
        UNION ALL
        SELECT 'database ' || o.datname || ' ' || a.privilege_type, a.grantee FROM pg_database o, aclexplode(o.datacl) a
        UNION ALL
        SELECT 'setting ' || o.parname || ' ' || a.privilege_type, a.grantee FROM pg_parameter_acl o, aclexplode(o.paracl) a
        UNION ALL
        SELECT 'default', a.grantee FROM pg_default_acl o, aclexplode(o.defaclacl) a
        UNION ALL
        SELECT 'member of ' || o.roleid::regrole, o.member FROM pg_auth_members o) p )";

TEST_F(CatalogTest, GrantGivesWhatTheApiNeedsAndNoMore) {
    make_tools();
    admin().run("CREATE TABLE secrets (x int); CREATE ROLE grantee");
    const std::string others = "SELECT md5(string_agg(line, ' ' ORDER BY line)) FROM (" + privileges +
                               "WHERE grantee <> 'grantee'::regrole) q";
    const std::string before = admin().value(others);
    admin().run("SELECT eryxon_grant_api('grantee'); SELECT eryxon_grant_api('grantee')");
    EXPECT_EQ(admin().value(others), before) << "others have gained or lost a privilege";
    std::set<std::string> lines;
    for (const auto& row : admin().run(privileges + "WHERE grantee = 'grantee'::regrole"))
        lines.insert(row[0]);
    for (const char* table : {"jobs", "parts", "operations", "cells", "resources", "tools"})
        for (const char* privilege : {"SELECT", "INSERT", "UPDATE", "DELETE"})
            EXPECT_EQ(lines.erase(std::string("table ") + table + " " + privilege), 1u) << table << privilege;
    EXPECT_EQ(lines.erase("schema eryxon_api USAGE"), 1u);
    for (const std::string& line : lines)
        EXPECT_TRUE(line == "schema public USAGE" || line.starts_with("function eryxon_api.") ||
                    line == "function eryxon_changes(text,integer,jsonb) EXECUTE")
            << line;
    admin().run("DROP OWNED BY grantee; DROP ROLE grantee");
    EXPECT_THROW(admin().run("SELECT eryxon_grant_api('no_such_role')"), ServerError);
}

TEST_F(CatalogTest, ApiRoleAdministersNothing) {
    EXPECT_EQ(
        count("pg_proc",
              "proname ~ '^eryxon_(create_tables|attach|detach|map_field|unmap_field|api_key_|grant_api|prune_)' AND "
              "has_function_privilege('eryxon_api', oid, 'EXECUTE')"),
        0);
    EXPECT_GE(
        count("pg_proc",
              "proname ~ '^eryxon_(create_tables|attach|detach|map_field|unmap_field|api_key_|grant_api|prune_)'"),
        9);
    EXPECT_EQ(count("pg_class",
                    "relnamespace = 'eryxon'::regnamespace AND relkind IN ('r', 'v', 'm', 'p') AND "
                    "has_table_privilege('eryxon_api', oid, 'INSERT, UPDATE, DELETE, TRUNCATE')"),
              0);
}

TEST_F(CatalogTest, AnonymousRoleCanDoNothing) {
    seed();
    for (const auto& [name, routine] : rest().routines()) {
        if (name == "pre_request") continue;
        const Answer answer = rest().call(bare(name, name.ends_with("bulk-sync") ? "[]" : "{}"));
        expect_failure(answer, 401, "UNAUTHORIZED");
    }
    for (const char* table : {"jobs", "parts", "operations", "cells", "resources"})
        EXPECT_EQ(admin().value(std::string("SELECT has_table_privilege('eryxon_anon', '") + table +
                                "', 'SELECT, INSERT, UPDATE, DELETE')"),
                  "f");
    admin().run("SET ROLE eryxon_anon; SET request.jwt.claims = '" + claims_of(tenant_a) + "'");
    EXPECT_THROW(admin().run("SELECT eryxon_upsert('jobs', '" + job("ANON") + "')"), ServerError);
    EXPECT_THROW(admin().run("SELECT eryxon_delete('jobs', '" + nobody + "')"), ServerError);
    admin().run("RESET ROLE; RESET request.jwt.claims");
    Request claimed = bare("api-jobs-list", "{}");
    claimed.claims = claims_of(tenant_a, "eryxon_anon");
    expect_status(rest().call(claimed), {401, 403});
}

TEST_F(CatalogTest, AuthenticatorItselfReadsNothing) {
    Session session(std::getenv("PGDATABASE"), "authenticator");
    for (const char* statement : {"SELECT * FROM jobs", "SELECT eryxon_api.\"api-jobs-list\"()"})
        EXPECT_THROW(session.run(statement), ServerError) << statement;
}

}  // namespace
}  // namespace eryxon::http_test
