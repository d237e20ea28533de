// API keys: good, wrong, revoked and expired ones, both credentials at once, how they are kept, and what their use
// costs.
#include "fixture.hpp"

#include <chrono>
#include <thread>

namespace eryxon::http_test {
namespace {

const std::string list = "api-jobs-list";

class KeyTest : public HttpTest {
protected:
    static Answer with_key(const std::string& key, const std::string& function = list, const std::string& body = "{}") {
        return rest().call(bare(function, body, {{"x-api-key", key}}));
    }
    static std::string key_column(const std::string& key, const std::string& column) {
        return admin().value("SELECT " + column + " FROM eryxon_api_keys() WHERE prefix = '" + key.substr(0, 12) + "'");
    }
    static void expect_refused(const Answer& answer) {
        expect_raised(answer, 401, "UNAUTHORIZED");
        EXPECT_EQ(json_at(answer.headers, "/WWW-Authenticate").substr(0, 6), "Bearer") << answer.headers;
        EXPECT_NE(answer.at("/message"), "");
    }
};

TEST_F(KeyTest, GoodKeysSetTenantAndRole) {
    const std::string live = new_key(tenant_a), test = new_key(tenant_b, ", live => false");
    EXPECT_EQ(live.substr(0, 9), "ery_live_");
    EXPECT_EQ(test.substr(0, 9), "ery_test_");
    EXPECT_GE(live.size(), 9u + 20u);
    expect_success(with_key(live, "api-jobs-sync", job("X")), 201);
    expect_success(with_key(test, "api-jobs-sync", job("X")), 201);
    EXPECT_EQ(count("jobs", "tenant_id = '" + tenant_a + "'"), 1);
    EXPECT_EQ(count("jobs", "tenant_id = '" + tenant_b + "'"), 1);
    expect_success(with_key(live, "api-jobs-sync", job("X")), 200);
    EXPECT_EQ(with_key(live).at("/data/pagination/total"), "1");
}

TEST_F(KeyTest, BearerKeysCountToo) {
    const std::string key = new_key(tenant_a);
    expect_success(rest().call(bare(list, "{}", {{"authorization", "Bearer " + key}})));
    expect_success(rest().call(bare(list, "{}", {{"authorization", "bearer " + key}})));
    expect_success(rest().call(bare(list, "{}", {{"authorization", "Bearer " + key}, {"x-api-key", key}})));
}

TEST_F(KeyTest, WrongKeysAreRefused) {
    const std::string key = new_key(tenant_a);
    std::string other = key;
    other.back() = other.back() == 'x' ? 'y' : 'x';
    const std::string wrong[] = {other,
                                 key + "x",
                                 key.substr(0, key.size() - 1),
                                 key.substr(0, 12),
                                 "ery_live_",
                                 "ery_",
                                 "x",
                                 "' OR true --",
                                 std::string(100000, 'k'),
                                 "ery_live_\xc3\xa4\xc3\xb6",
                                 " " + key + "\t\t x",
                                 "ery_live_" + std::string(43, 'A')};
    for (const std::string& text : wrong)
        expect_refused(with_key(text));
    for (const std::string& text : {other, std::string("ery_live_no"), std::string("ery_test_")})
        expect_refused(rest().call(bare(list, "{}", {{"authorization", "Bearer " + text}})));
    EXPECT_EQ(count("jobs"), 0);
    Request read = bare(list, "", {{"x-api-key", other}});
    read.method = "GET";
    expect_refused(rest().call(read));
}

TEST_F(KeyTest, RevokedKeysFailAtOnce) {
    const std::string key = new_key(tenant_a), kept = new_key(tenant_a);
    expect_success(with_key(key));
    admin().run("SELECT eryxon_api_key_revoke('" + key_column(key, "id") + "')");
    expect_refused(with_key(key));
    expect_success(with_key(kept));
    EXPECT_NE(key_column(key, "revoked_at"), "");
}

TEST_F(KeyTest, ExpiredKeysFailAtOnce) {
    const std::string key = new_key(tenant_a, ", expires_at => clock_timestamp() + interval '1 second'");
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (with_key(key).status == 200 && std::chrono::steady_clock::now() < until)
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    EXPECT_EQ(admin().value("SELECT now() >= '" + key_column(key, "expires_at") + "'"), "t");
    expect_refused(with_key(key));
    expect_success(with_key(new_key(tenant_a, ", expires_at => now() + interval '1 hour'")));
}

TEST_F(KeyTest, TwoCredentialsMustAgree) {
    const std::string a = new_key(tenant_a), b = new_key(tenant_b);
    Request both = request(list, "{}", tenant_a);
    both.headers["x-api-key"] = a;
    expect_success(rest().call(both));
    both.headers["x-api-key"] = b;
    expect_refused(rest().call(both));
    expect_refused(rest().call(bare(list, "{}", {{"authorization", "Bearer " + a}, {"x-api-key", b}})));
    both.headers["x-api-key"] = "ery_live_wrong";
    expect_refused(rest().call(both));
    expect_refused(rest().call(bare(list, "{}", {{"authorization", "Bearer " + a}, {"x-api-key", new_key(tenant_a)}})));
}

TEST_F(KeyTest, AKeyMayBeThePasswordOfBasicAuthentication) {
    const std::string pair = "anyone:" + new_key(tenant_a);
    std::string encoded = admin().value("SELECT translate(encode('" + pair + "', 'base64'), E'\\n', '')");
    expect_success(rest().call(bare(list, "{}", {{"authorization", "Basic " + encoded}})));
    expect_refused(rest().call(bare(list, "{}", {{"authorization", "Basic YW55b25lOmVyeV9saXZlX3dyb25n"}})));
    expect_failure(rest().call(bare(list, "{}", {{"authorization", "Basic dXNlcjpwYXNz"}})), 401, "UNAUTHORIZED");
}

TEST_F(KeyTest, KeysCarryTheirRole) {
    const std::string reader = new_key(tenant_a, ", role => 'shop_reader'");
    expect_success(with_key(reader));
    expect_failure(with_key(reader, "api-jobs-sync", job("X")), 403, "FORBIDDEN");
    EXPECT_EQ(key_column(reader, "role"), "shop_reader");
    const std::string planner = new_key(tenant_a, ", role => 'shop_planner'");
    expect_success(with_key(planner, "api-jobs-sync", job("X")), 201);
    EXPECT_EQ(key_column(new_key(tenant_a), "role"), "eryxon_api");
}

TEST_F(KeyTest, ListOfKeysTellsAboutThem) {
    const std::string key = new_key(tenant_a, ", expires_at => '2100-01-01'");
    EXPECT_EQ(key_column(key, "name"), "a test");
    EXPECT_EQ(key_column(key, "prefix"), key.substr(0, 12));
    EXPECT_NE(key_column(key, "created_at"), "");
    EXPECT_EQ(key_column(key, "last_used_at"), "");
    EXPECT_EQ(key_column(key, "revoked_at"), "");
}

TEST_F(KeyTest, KeysAreKeptAsHashes) {
    const std::string key = new_key(tenant_a);
    int hashes = 0;
    for (const auto& table : admin().run(
             "SELECT oid::regclass FROM pg_class WHERE relkind = 'r' AND relnamespace = 'eryxon'::regnamespace")) {
        EXPECT_EQ(count(table[0] + " t", "strpos(t::text, '" + key.substr(12) + "') > 0"), 0) << table[0];
        hashes += count(table[0] + " t", "strpos(t::text, encode(sha256('" + key + "'), 'hex')) > 0");
    }
    EXPECT_EQ(hashes, 1);
}

TEST_F(KeyTest, OrdinaryRolesSeeNoKeys) {
    new_key(tenant_b);
    for (const char* statement :
         {"SELECT eryxon_api_key_create('"
          "aaaaaaaa-0000-4000-8000-00000000000a"
          "', 'mine')",
          "SELECT eryxon_api_key_revoke(gen_random_uuid())", "SELECT eryxon_grant_api('shop_clerk')"}) {
        for (const char* role : {"eryxon_api", "eryxon_anon", "shop_clerk", "authenticator"}) {
            admin().run(std::string("SET ROLE ") + role);
            EXPECT_THROW(admin().run(statement), ServerError) << role << ": " << statement;
            admin().run("RESET ROLE");
        }
    }
    Session clerk(std::getenv("PGDATABASE"), "shop_clerk");
    for (const char* source : {"eryxon.api_key", "eryxon.api_key_use", "eryxon_api_keys()"}) {
        try {
            clerk.run(std::string("SELECT * FROM ") + source);
            ADD_FAILURE() << source;
        } catch (const ServerError& error) {
            EXPECT_EQ(error.sqlstate, "42501") << error.what();
        }
    }
}

TEST_F(KeyTest, UseIsNotedWithoutAWriteEachTime) {
    const std::string key = new_key(tenant_a);
    const std::string writes =
        "SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) FROM pg_stat_all_tables WHERE schemaname = "
        "'eryxon' "
        "AND relname NOT IN ('sync_run', 'soft_delete')";
    admin().run("SELECT pg_stat_force_next_flush()");
    with_key(key, "api-jobs-sync", job("X"));
    rest().show("SELECT pg_stat_force_next_flush()");
    const int before = std::atoi(admin().value(writes).c_str());
    for (int n = 0; n < 200; ++n)
        expect_success(with_key(key, "api-jobs-sync", job("X")));
    rest().show("SELECT pg_stat_force_next_flush()");
    EXPECT_LE(std::atoi(admin().value(writes).c_str()) - before, 20);
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    while (key_column(key, "last_used_at").empty() && std::chrono::steady_clock::now() < until)
        with_key(key);
    EXPECT_NE(key_column(key, "last_used_at"), "");
}

// Twelve characters find a key, but two keys may begin alike.
TEST_F(KeyTest, KeysMayShareTheirPrefix) {
    admin().run("CREATE TEMP TABLE many AS SELECT n % 2 AS odd, eryxon_api_key_create(CASE n % 2 WHEN 0 THEN '" +
                tenant_a + "' ELSE '" + tenant_b + "' END::uuid, 'many') AS key FROM generate_series(1, 4000) n");
    const Rows pair = admin().run(
        "SELECT a.key, b.key FROM many a JOIN many b ON left(a.key, 12) = left(b.key, 12) WHERE a.odd = 0 AND b.odd = "
        "1 LIMIT 1");
    ASSERT_EQ(pair.size(), 1u) << "no two of 4,000 keys begin alike";
    expect_success(with_key(pair[0][0], "api-jobs-sync", job("A")), 201);
    expect_success(with_key(pair[0][1], "api-jobs-sync", job("B")), 201);
    EXPECT_NE(id_of("jobs", "A", tenant_a), "");
    EXPECT_NE(id_of("jobs", "B", tenant_b), "");
    admin().run("SELECT eryxon_api_key_revoke(id) FROM eryxon_api_keys() WHERE name = 'many'; DROP TABLE many");
    expect_refused(with_key(pair[0][0]));
}

TEST_F(KeyTest, KeysOfLostRolesAreRefused) {
    admin().run("CREATE ROLE leaver; GRANT leaver TO authenticator");
    const std::string key = new_key(tenant_a, ", role => 'leaver'");
    admin().run("DROP ROLE leaver");
    for (const std::string& lost : {key, new_key(tenant_a, ", role => 'shop_clerk'")}) {
        const Answer answer = with_key(lost, "api-jobs-sync", job("X"));
        EXPECT_EQ(answer.status, 500) << answer.body;
        EXPECT_EQ(answer.sqlstate, "PGRST");
    }
    EXPECT_EQ(count("jobs"), 0);
    expect_success(with_key(new_key(tenant_a)));
}

// As they do for a token of that role, which the HTTP layer sees to; but the tenant is the key's.
TEST_F(KeyTest, SettingsOfTheKeysRoleCount) {
    admin().run(
        "CREATE FUNCTION eryxon_api.setting(name text) RETURNS text LANGUAGE sql AS 'SELECT current_setting($1)';"
        "ALTER ROLE shop_planner SET eryxon.default_time_zone = 'Europe/Amsterdam';"
        "ALTER ROLE shop_planner SET lock_timeout = '7s';"
        "ALTER ROLE shop_planner SET log_min_duration_statement = '77s';"
        "ALTER ROLE shop_planner SET eryxon.tenant_id = '" +
        tenant_b + "'");
    const std::string here = "ALTER ROLE shop_planner IN DATABASE " + admin().value("SELECT current_database()");
    admin().run(here + " SET lock_timeout = '8s'");
    const std::string key = new_key(tenant_a, ", role => 'shop_planner'");
    rest().load_schema();
    const auto setting = [&](const std::string& name) {
        return with_key(key, "setting", R"({"name":")" + name + "\"}").body;
    };
    EXPECT_EQ(setting("lock_timeout"), "\"8s\"");
    EXPECT_EQ(setting("statement_timeout"), "\"59s\"");
    EXPECT_EQ(setting("eryxon.default_time_zone"), "\"Europe/Amsterdam\"");
    EXPECT_EQ(setting("eryxon.tenant_id"), '"' + tenant_a + '"');
    EXPECT_NE(setting("log_min_duration_statement"), "\"77s\"");
    expect_success(with_key(key, "api-jobs-sync", job("TZ", R"("due_date":"2027-06-01")")), 201);
    const std::string due = "SELECT due_date AT TIME ZONE 'UTC' FROM jobs WHERE external_id = ";
    EXPECT_EQ(admin().value(due + "'TZ'"), "2027-05-31 22:00:00");
    admin().run(here + " RESET ALL; ALTER ROLE shop_planner RESET ALL");
    admin().run("ALTER ROLE shop_planner SET statement_timeout = '59s'; DROP FUNCTION eryxon_api.setting(text)");
    expect_success(with_key(key, "api-jobs-sync", job("UTC", R"("due_date":"2027-06-01")")), 201);
    EXPECT_EQ(admin().value(due + "'UTC'"), "2027-06-01 00:00:00");
}

// No message of an error repeats a key.
TEST_F(KeyTest, AnswersDoNotRepeatKeys) {
    const std::string key = new_key(tenant_a);
    const Answer answer = with_key(key + "x");
    EXPECT_EQ(answer.body.find(key.substr(12)), std::string::npos) << answer.body;
}

}  // namespace
}  // namespace eryxon::http_test
