// A thousand requests of alternating tenants, roles and credentials on one connection: none leaves anything to the
// next.
#include "fixture.hpp"

#include <cstdlib>
#include <functional>
#include <iostream>
#include <random>

namespace eryxon::http_test {
namespace {

// Everything that a session can carry from one transaction into the next, as one text.
const char* const session_state = R"(
    SELECT format('%s %s %s | %s %s %s %s %s %s | %s %s | %s %s %s | %s %s %s',
        session_user, current_user, current_setting('role'),
        nullif(current_setting('request.jwt.claims', true), ''), nullif(current_setting('request.headers', true), ''),
        nullif(current_setting('request.method', true), ''), nullif(current_setting('request.path', true), ''),
        nullif(current_setting('response.status', true), ''), nullif(current_setting('response.headers', true), ''),
        current_setting('eryxon.tenant_id', true), current_setting('eryxon.user_id', true),
        current_setting('search_path'), current_setting('transaction_read_only'), current_setting('statement_timeout'),
        (SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory'),
        (SELECT count(*) FROM pg_prepared_statements WHERE name !~ '^[0-9]+$'),
        (SELECT string_agg(name || '=' || setting, ',' ORDER BY name) FROM pg_settings WHERE source = 'session')))";

class LeakTest : public HttpTest {
protected:
    // Tenant A has 2 jobs, tenant B has 3.
    void SetUp() override {
        HttpTest::SetUp();
        call("api-jobs-bulk-sync", "[" + job("1") + "," + job("2") + "]", tenant_a);
        call("api-jobs-bulk-sync", "[" + job("1") + "," + job("2") + "," + job("3") + "]", tenant_b);
        keys_[0] = new_key(tenant_a);
        keys_[1] = new_key(tenant_b, ", role => 'shop_planner'");
        for (int which : {0, 1})
            wrong_[which] = "ery_live_" + std::string(which + 1, 'x') + "0123456789abcdefghijklmnopqrstuvwxyz";
    }
    static std::string tenant(int which) { return which == 0 ? tenant_a : tenant_b; }
    static std::string total(int which) { return which == 0 ? "2" : "3"; }

    Answer list_by(int which, int how) {
        if (how == 0) return get("api-jobs-list", {}, tenant(which));
        if (how == 1) return rest().call(bare("api-jobs-list", "{}", {{"x-api-key", keys_[which]}}));
        Request planner = request("api-jobs-list", "{}", tenant(which));
        planner.role = "shop_planner";
        planner.claims = claims_of(tenant(which), "shop_planner");
        return rest().call(planner);
    }
    void good_list(int which, int how) {
        const Answer answer = list_by(which, how);
        expect_success(answer, 200);
        EXPECT_EQ(answer.at("/data/pagination/total"), total(which));
    }
    // Creates a row and removes it again.
    void good_write(int which) {
        expect_success(call("api-jobs-sync", job("NEW"), tenant(which)), 201);
        EXPECT_EQ(count("jobs", "external_id = 'NEW' AND tenant_id = '" + tenant(which) + "'"), 1);
        Request remove = bare("api-jobs-delete", R"({"external_id":"NEW","external_source":"SAP","hard":true})",
                              {{"x-api-key", keys_[which]}});
        expect_success(rest().call(remove), 200);
    }
    // One request of a kind, with what it must answer.
    void one(int kind, int which) {
        switch (kind) {
            case 0:
            case 1:
            case 2:
                return good_list(which, kind);
            case 3:
                return good_write(which);
            case 4:
                return expect_failure(rest().call(bare("api-jobs-list", "{}")), 401, "UNAUTHORIZED");
            case 5:
                return expect_raised(rest().call(bare("api-jobs-list", "{}", {{"x-api-key", wrong_[which]}})), 401,
                                     "UNAUTHORIZED");
            case 6:
                return expect_failure(call("api-jobs-sync", record("X", R"("job_number":"N-1")"), tenant(which)), 409,
                                      "CONFLICT");
            case 7:
                return expect_failure(call("api-jobs-sync", record("X", ""), tenant(which)), 422, "VALIDATION_ERROR");
            case 8:
                return expect_raised(get("api-jobs-delete", {{"id", id_of("jobs", "1", tenant(which))}}, tenant(which)),
                                     405, "25006");
            case 9:
                return expect_raised(call("api-jobs-delete", R"({"id":"x"})", tenant(which)), 400, "22P02");
            case 10:
                return expect_failure(get("api-jobs-list", {{"id", nobody}}, tenant(which)), 404, "NOT_FOUND");
            default:
                return expect_success(call("api-jobs-bulk-sync", "[" + job("1") + "]", tenant(which)), 200);
        }
    }
    std::string keys_[2], wrong_[2];
};

TEST_F(LeakTest, ThousandRequestsLeakNothing) {
    const char* given = std::getenv("ERYXON_SEED");
    const unsigned seed = given ? std::strtoul(given, nullptr, 10) : 20;
    std::cout << "seed " << seed << "\n";
    std::mt19937 random(seed);
    const std::string before = rest().show(session_state);
    EXPECT_NE(before.find("authenticator authenticator none |   "), std::string::npos) << before;
    for (int number = 0; number < 1000 && !HasFailure(); ++number) {
        const int kind = random() % 12, which = random() % 2;
        SCOPED_TRACE("request " + std::to_string(number) + " of kind " + std::to_string(kind));
        one(kind, which);
        EXPECT_EQ(rest().show(session_state), before);
    }
    EXPECT_EQ(count("jobs"), 5);
}

// A status and headers that one request sets are not those of the next.
TEST_F(LeakTest, StatusOfOneRequestIsNotThatOfTheNext) {
    expect_success(call("api-jobs-sync", job("NEW")), 201);
    Answer answer = get("api-jobs-list", {});
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.headers, "");
    expect_failure(call("api-jobs-sync", record("X", "")), 422, "VALIDATION_ERROR");
    answer = call("api-jobs-bulk-sync", "[]");
    EXPECT_EQ(answer.status, 200);
}

// Of two credentials in one transaction after another, the last request's counts, whatever came before.
TEST_F(LeakTest, ForgedStateBeforeARequestDoesNotReachIt) {
    rest().show("SELECT set_config('request.headers', '{\"x-api-key\":\"" + keys_[1] + "\"}', false)");
    rest().show("SELECT set_config('request.jwt.claims', '" + claims_of(tenant_b) + "', false)");
    expect_failure(rest().call(bare("api-jobs-list", "{}")), 401, "UNAUTHORIZED");
    rest().show("SELECT set_config('request.headers', '', false), set_config('request.jwt.claims', '', false)");
    good_list(0, 0);
}

}  // namespace
}  // namespace eryxon::http_test
