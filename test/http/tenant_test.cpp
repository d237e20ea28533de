// Tenants: ids of another tenant in every place where an id can stand, members and headers that claim a tenant, and
// settings forged by ordinary roles.
#include "fixture.hpp"

namespace eryxon::http_test {
namespace {

class TenantTest : public HttpTest {
protected:
    // Both tenants hold the same external keys; tenant B has a job more.
    void SetUp() override {
        HttpTest::SetUp();
        seed(tenant_a);
        seed(tenant_b);
        call("api-jobs-sync", job("B-ONLY"), tenant_b);
        state_ = state();
    }
    // What tenant B has must be as it was.
    void TearDown() override { EXPECT_EQ(state(), state_); }

    static std::string state() {
        std::string all;
        for (const char* table : {"jobs", "parts", "operations", "cells", "resources"})
            all += admin().value(std::string("SELECT md5(string_agg(t::text, '|' ORDER BY id)) FROM ") + table +
                                 " t WHERE tenant_id = '" + tenant_b + "'");
        return all;
    }
    // An id of tenant B as a JSON string.
    static std::string foreign(const std::string& entity, const std::string& external_id) {
        return "\"" + id_of(entity, external_id, tenant_b) + "\"";
    }
    std::string state_;
};

TEST_F(TenantTest, IdsOfOthersAreNotFound) {
    const std::pair<const char*, const char*> rows[] = {
        {"jobs", "J1"}, {"parts", "P1"}, {"operations", "O1"}, {"cells", "C1"}, {"resources", "R1"}};
    for (const auto& [entity, external_id] : rows) {
        const std::string api = std::string("api-") + entity, id = id_of(entity, external_id, tenant_b);
        expect_failure(get(api + "-list", {{"id", id}}), 404, "NOT_FOUND");
        expect_failure(get(api + "-list", {{"id", id}, {"include_deleted", "true"}}), 404, "NOT_FOUND");
        for (const char* further : {"", ",\"hard\":false", ",\"hard\":true,\"force\":true"})
            expect_failure(call(api + "-delete", "{\"id\":\"" + id + "\"" + further + "}"), 404, "NOT_FOUND");
        EXPECT_EQ(get(api + "-list", {}).at("/data/pagination/total"), "1");
        EXPECT_EQ(get(api + "-list", {{"search", "B-ONLY"}, {"include_deleted", "true"}}).at("/data/pagination/total"),
                  "0");
    }
    for (const char* hard : {"false", "true"})
        expect_failure(call("api-jobs-delete",
                            std::string(R"({"external_id":"B-ONLY","external_source":"SAP","hard":)") + hard + "}"),
                       404, "NOT_FOUND");
}

TEST_F(TenantTest, ReferencesToOthersAreUnknown) {
    const std::string part = R"("part_number":"9",)", operation = R"("operation_name":"9",)";
    const std::pair<std::string, std::string> records[] = {
        {"parts", part + "\"job_id\":" + foreign("jobs", "J1")},
        {"parts", part + R"("job_external_id":"B-ONLY")"},
        {"parts", part + R"("job_external_id":"J1","parent_part_id":)" + foreign("parts", "P1")},
        {"operations", operation + R"("cell_external_id":"C1","part_id":)" + foreign("parts", "P1")},
        {"operations", operation + R"("part_external_id":"P1","cell_id":)" + foreign("cells", "C1")}};
    for (const auto& [entity, members] : records) {
        expect_failure(call("api-" + entity + "-sync", record("X", members)), 409, "CONFLICT", "FK_CONSTRAINT");
        Answer answer = call("api-" + entity + "-bulk-sync", "[" + record("X", members) + "]");
        EXPECT_EQ(answer.at("/data/results/0/code"), "FK_CONSTRAINT") << answer.body;
        for (const char* function : {"api-erp-sync-sync", "api-erp-sync-diff"}) {
            answer = call(function, "{\"" + entity + "\":[" + record("X", members) + "]}");
            EXPECT_EQ(answer.at("/data/entities/" + entity + "/results/0/code"), "FK_CONSTRAINT") << answer.body;
        }
        EXPECT_EQ(id_of(entity, "X"), "");
    }
}

TEST_F(TenantTest, NestedReferencesToOthersAreUnknown) {
    const std::string order = job(
        "X",
        R"("parts":[{"external_id":"XP","part_number":"1","operations":[{"external_id":"XO","operation_name":"1","cell_id":)" +
            foreign("cells", "C1") + "}]}]");
    const Answer answer = call("api-jobs-sync", order);
    expect_failure(answer, 409, "CONFLICT", "FK_CONSTRAINT");
    EXPECT_EQ(answer.at("/error/details/0/path"), "parts[0].operations[0].cell_id");
    EXPECT_EQ(count("jobs", "external_id = 'X'"), 0);
}

TEST_F(TenantTest, RecordsDoNotChooseTenantOrRow) {
    const std::string members =
        R"("customer":"mine","tenant_id":")" + tenant_b + R"(","id":)" + foreign("jobs", "B-ONLY");
    expect_success(call("api-jobs-sync", job("J1", members)), 200);
    expect_success(call("api-jobs-sync", job("NEW", members)), 201);
    EXPECT_EQ(count("jobs", "customer = 'mine' AND tenant_id = '" + tenant_a + "'"), 2);
    const Answer bulk = call("api-jobs-bulk-sync", "{\"items\":[" + job("NEW2", members) +
                                                       "],\"options\":{\"tenant_id\":\"" + tenant_b + "\"}}");
    expect_failure(bulk, 400, "BAD_REQUEST");
    EXPECT_EQ(count("jobs", "external_id = 'NEW2'"), 0);
}

TEST_F(TenantTest, HeadersDoNotChooseTenantOrRole) {
    Request forged = request("api-jobs-sync", job("H"));
    forged.headers.insert({{"x-eryxon-tenant-id", tenant_b},
                           {"x-eryxon-tenant", tenant_b},
                           {"eryxon.tenant_id", tenant_b},
                           {"x-eryxon-role", "postgres"},
                           {"x-tenant-id", tenant_b},
                           {"accept-profile", "eryxon"},
                           {"content-profile", "public"},
                           {"request.jwt.claims", claims_of(tenant_b)}});
    expect_success(rest().call(forged), 201);
    EXPECT_EQ(count("jobs", "external_id = 'H' AND tenant_id = '" + tenant_a + "'"), 1);
    forged.role = "eryxon_anon";
    forged.claims.clear();
    expect_failure(rest().call(forged), 401, "UNAUTHORIZED");
}

TEST_F(TenantTest, HeadersThatAreOddDoNoHarm) {
    for (const char* name : {"x-api-key", "authorization", "x-eryxon-tenant-id"}) {
        for (const std::string& value :
             {std::string("\"}'--"), std::string("\x01\x02"), std::string(60000, 'a'), std::string("Bearer"),
              std::string("Bearer  "), std::string("Basic eDp5"), std::string("")}) {
            Request odd = bare("api-jobs-sync", job("ODD"), {{name, value}});
            const Answer answer = rest().call(odd);
            EXPECT_EQ(answer.status, 401) << name << ": " << answer.body.substr(0, 300);
        }
    }
    EXPECT_EQ(count("jobs", "external_id = 'ODD'"), 0);
}

TEST_F(TenantTest, StatusShowsOwnRowsOnly) {
    const Answer answer = get("api-erp-sync-status", {{"max_rows", "1000"}});
    EXPECT_EQ(answer.at("/data/entities/jobs/live"), "1");
    EXPECT_EQ(answer.body.find(tenant_b), std::string::npos);
    int runs = 0;
    while (answer.at("/data/runs/" + std::to_string(runs)) != "(none)")
        ++runs;
    EXPECT_EQ(runs, count("eryxon.sync_run", "tenant_id = '" + tenant_a + "'"));
}

// An ordinary role may write what it likes into settings; it gets no tenant by it.
TEST_F(TenantTest, OrdinaryRolesForgeNothing) {
    const std::string forgeries[] = {
        "SET request.jwt.claims = '" + claims_of(tenant_b) + "'", "SET eryxon.tenant_id = '" + tenant_b + "'",
        "SELECT set_config('eryxon.tenant_id', '" + tenant_b + "', false)",
        "SET eryxon.claims_from = 'shop_clerk'; SET request.jwt.claims = '" + claims_of(tenant_b) + "'",
        "SET eryxon.tenant_resolver = 'pg_catalog.gen_random_uuid'"};
    const std::string used[] = {"SELECT eryxon_tenant_id()", "SELECT eryxon_upsert('jobs', '" + job("FORGED") + "')",
                                "SELECT count(*) FROM jobs HAVING count(*) > 0", "SELECT eryxon_status()"};
    for (const std::string& forgery : forgeries) {
        for (const std::string& use : used) {
            Session clerk(std::getenv("PGDATABASE"), "shop_clerk");
            std::string got;
            for (const std::string& statement : {forgery, use, forgery, use}) {
                try {
                    got = clerk.value(statement);
                    EXPECT_TRUE(statement != use || got.empty()) << forgery << "; " << use;
                } catch (const ServerError& error) {
                    EXPECT_EQ(error.sqlstate.substr(0, 2) == "42" || error.sqlstate.substr(0, 2) == "22", true)
                        << error.what();
                }
            }
        }
    }
}

TEST_F(TenantTest, OrdinaryRolesUseNoFunctionsOfTheApi) {
    Session clerk(std::getenv("PGDATABASE"), "shop_clerk");
    for (const char* statement : {"SELECT eryxon_api.\"api-jobs-list\"()", "SELECT eryxon_api.pre_request()"}) {
        try {
            clerk.run(statement);
            ADD_FAILURE() << statement;
        } catch (const ServerError& error) {
            EXPECT_EQ(error.sqlstate, "42501") << error.what();
        }
    }
}

}  // namespace
}  // namespace eryxon::http_test
