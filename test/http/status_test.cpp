// Which status and code each kind of fault gets, and that an answered fault leaves nothing behind although PostgREST
// commits.
#include "fixture.hpp"

namespace eryxon::http_test {
namespace {

class StatusTest : public HttpTest {
protected:
    void SetUp() override {
        HttpTest::SetUp();
        seed();
    }
    void TearDown() override { admin().run("DROP FUNCTION IF EXISTS refuse_job() CASCADE"); }

    // Makes every new job raise this SQLSTATE, as a trigger of the user's would.
    static void raise_in_trigger(const std::string& sqlstate) {
        admin().run(
            "CREATE FUNCTION refuse_job() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'refused here' USING "
            "ERRCODE = '" +
            sqlstate +
            "'; END $$; CREATE TRIGGER refuse BEFORE INSERT ON jobs FOR EACH ROW EXECUTE FUNCTION refuse_job()");
    }
};

TEST_F(StatusTest, ValuesAreValidationErrors) {
    const std::pair<const char*, const char*> faults[] = {{R"("job_number":null)", "NOT_NULL"},
                                                          {R"("job_number":"")", "MIN_LENGTH"},
                                                          {R"("priority":-1)", "MIN_VALUE"},
                                                          {R"("priority":"x")", "TYPE_MISMATCH"},
                                                          {R"("priority":99999999999)", "MAX_VALUE"},
                                                          {R"("status":"done")", "ENUM_CONSTRAINT"},
                                                          {R"("due_date":"2026-02-30")", "DATE_FORMAT"}};
    for (const auto& [member, constraint] : faults) {
        const std::string name = std::string(member).starts_with("\"job_number") ? "" : R"("job_number":"7",)";
        expect_failure(call("api-jobs-sync", record("X", name + member)), 422, "VALIDATION_ERROR", constraint);
    }
    const std::string over(256, 'x');
    expect_failure(call("api-jobs-sync", record("X", "\"job_number\":\"" + over + "\"")), 422, "VALIDATION_ERROR",
                   "MAX_LENGTH");
    expect_failure(call("api-parts-sync", record("X", R"("part_number":"1","job_id":"17")")), 422, "VALIDATION_ERROR",
                   "UUID_FORMAT");
    EXPECT_EQ(count("jobs"), 1);
}

TEST_F(StatusTest, AllFaultsOfARecordAreInTheDetails) {
    const Answer answer = call("api-jobs-sync", job("X", R"("priority":-1,"status":"done","due_date":"?")"));
    expect_failure(answer, 422, "VALIDATION_ERROR");
    EXPECT_NE(answer.at("/error/details/2/path"), "(none)") << answer.body;
    EXPECT_EQ(answer.at("/error/details/3"), "(none)") << answer.body;
    for (const char* member : {"path", "constraint", "message", "value"})
        EXPECT_NE(answer.at(std::string("/error/details/0/") + member), "(none)") << answer.body;
}

TEST_F(StatusTest, KeysAndReferencesAreConflicts) {
    expect_failure(call("api-jobs-sync", record("X", R"("job_number":"N-J1")")), 409, "CONFLICT", "UNIQUE_CONSTRAINT");
    expect_failure(call("api-parts-sync", record("X", R"("part_number":"1","job_external_id":"none")")), 409,
                   "CONFLICT", "FK_CONSTRAINT");
    expect_failure(call("api-parts-sync", record("X", R"("part_number":"1")")), 409, "CONFLICT", "FK_REQUIRED");
    expect_failure(call("api-cells-delete", "{\"id\":\"" + id_of("cells", "C1") + "\"}"), 409, "CONFLICT");
    expect_failure(call("api-cells-delete", R"({"external_id":"C1","external_source":"SAP"})"), 409, "CONFLICT");
    EXPECT_EQ(count("cells", "deleted_at IS NULL"), 1);
}

TEST_F(StatusTest, WrongCallsAreBadRequests) {
    for (const char* body : {"[]", "7", "\"text\"", "null", "true"}) {
        expect_failure(call("api-jobs-sync", body), 400, "BAD_REQUEST");
    }
    for (const char* body : {"7", "\"text\"", "null", R"({"parts":[]})", R"({"items":7})"}) {
        expect_failure(call("api-jobs-bulk-sync", body), 400, "BAD_REQUEST");
    }
    for (const char* body : {"[]", "7", "null", R"({"wombats":[]})", R"({"jobs":7})"}) {
        expect_failure(call("api-erp-sync-sync", body), 400, "BAD_REQUEST");
        expect_failure(call("api-erp-sync-diff", body), 400, "BAD_REQUEST");
    }
}

TEST_F(StatusTest, TextThatIsNoJsonIsABadRequest) {
    for (const char* body : {"", "{", "{\"a\":}", "[1,]", "\xff", "{\"a\":\"\x01\"}"}) {
        const Answer answer = call("api-jobs-sync", body);
        EXPECT_EQ(answer.status, 400) << body << answer.body;
    }
    for (const char* value : {R"(\u0000)", R"(\ud800)"}) {
        const Answer answer = call("api-jobs-sync", job("X", std::string("\"notes\":\"") + value + "\""));
        EXPECT_EQ(answer.status, 400) << answer.body;
        EXPECT_EQ(count("jobs"), 1);
    }
}

TEST_F(StatusTest, ArgumentsOfTheWrongTypeAreBadRequests) {
    expect_raised(get("api-jobs-list", {{"id", "17"}}), 400, "22P02");
    expect_raised(get("api-jobs-list", {{"max_rows", "many"}}), 400, "22P02");
    expect_raised(call("api-jobs-delete", R"({"id":"17"})"), 400, "22P02");
    expect_raised(call("api-jobs-delete", R"({"identity":"17"})"), 404, "PGRST202");
}

TEST_F(StatusTest, DeleteNeedsAnIdOrAWholeKey) {
    for (const char* body : {"{}", R"({"external_id":"J1"})", R"({"external_source":"SAP"})", R"({"hard":true})"}) {
        const Answer answer = call("api-jobs-delete", body);
        expect_status(answer, {400, 422});
        EXPECT_EQ(answer.at("/success"), "false") << answer.body;
    }
    EXPECT_EQ(count("jobs", "deleted_at IS NULL"), 1);
}

TEST_F(StatusTest, ClaimsWithoutTenantAreUnauthorized) {
    for (const char* claims : {R"({"role":"eryxon_api"})", R"({"role":"eryxon_api","tenant_id":null})"}) {
        Request sync = request("api-jobs-sync", job("X"));
        sync.claims = claims;
        expect_failure(rest().call(sync), 401, "UNAUTHORIZED");
        sync.function = "api-jobs-list";
        sync.body = "{}";
        expect_failure(rest().call(sync), 401, "UNAUTHORIZED");
    }
    Request sync = request("api-jobs-sync", job("X"));
    sync.claims = R"({"role":"eryxon_api","tenant_id":"no uuid"})";
    const Answer answer = rest().call(sync);
    EXPECT_TRUE(answer.status >= 400 && answer.status < 500) << answer.status << answer.body;
    EXPECT_EQ(count("jobs"), 1);
}

TEST_F(StatusTest, TenantOfAppMetadataCounts) {
    Request sync = request("api-jobs-sync", job("X"));
    sync.claims = R"({"role":"eryxon_api","app_metadata":{"tenant_id":")" + tenant_b + "\"}}";
    expect_success(rest().call(sync), 201);
    EXPECT_EQ(count("jobs", "external_id = 'X' AND tenant_id = '" + tenant_b + "'"), 1);
}

TEST_F(StatusTest, RolesWithoutPrivilegesAreForbidden) {
    Request reader = request("api-jobs-sync", job("X"));
    reader.role = "shop_reader";
    reader.claims = claims_of(tenant_a, "shop_reader");
    expect_failure(rest().call(reader), 403, "FORBIDDEN");
    reader.function = "api-jobs-bulk-sync";
    reader.body = "[" + job("X") + "]";
    expect_failure(rest().call(reader), 403, "FORBIDDEN");
    reader.function = "api-jobs-delete";
    reader.body = "{\"id\":\"" + id_of("jobs", "J1") + "\"}";
    expect_failure(rest().call(reader), 403, "FORBIDDEN");
    reader.function = "api-jobs-list";
    reader.body = "{}";
    expect_success(rest().call(reader));
    EXPECT_EQ(count("jobs", "deleted_at IS NULL"), 1);
}

TEST_F(StatusTest, FunctionsThatDoNotExistAreNotFound) {
    expect_raised(call("api-wombats-sync", "{}"), 404, "PGRST202");
    expect_raised(get("api-jobs-list", {{"tenant_id", tenant_b}}), 404, "PGRST202");
}

TEST_F(StatusTest, ErrorsOfTheServerAreInternal) {
    for (const char* sqlstate : {"XX000", "58030"}) {
        raise_in_trigger(sqlstate);
        const Answer answer = call("api-jobs-sync", job("X"));
        EXPECT_EQ(answer.status, 500) << answer.body;
        EXPECT_EQ(call("api-jobs-bulk-sync", "[" + job("X") + "]").status, 500);
        EXPECT_EQ(count("jobs"), 1);
        TearDown();
    }
}

// SQLSTATE 42P05 would end the PostgREST process.
TEST_F(StatusTest, ErrorsThatEndPostgrestNeverComeOut) {
    for (const char* sqlstate : {"42P05", "42601"}) {
        raise_in_trigger(sqlstate);
        for (const std::string function : {"sync", "bulk-sync"}) {
            const std::string body = function == "sync" ? job("X") : "[" + job("X") + "]";
            const Answer answer = call("api-jobs-" + function, body);
            EXPECT_NE(answer.sqlstate, sqlstate);
            EXPECT_EQ(answer.at("/success"), function == "sync" ? "false" : "true") << answer.body;
        }
        EXPECT_EQ(count("jobs"), 1);
        TearDown();
    }
}

TEST_F(StatusTest, ErrorsOfTheUsersTriggersAreAnswered) {
    raise_in_trigger("P0001");
    const Answer answer = call("api-jobs-sync", job("X"));
    EXPECT_EQ(answer.at("/success"), "false") << answer.body;
    EXPECT_GE(answer.status, 400);
    EXPECT_EQ(answer.at("/error/details/0/constraint"), "DATABASE_ERROR") << answer.body;
    EXPECT_NE(answer.body.find("refused here"), std::string::npos) << answer.body;
}

TEST_F(StatusTest, AnAnsweredFaultLeavesNothing) {
    const std::string order = job(
        "X",
        R"("parts":[{"external_id":"XP1","part_number":"1"},{"external_id":"XP2","part_number":"2","quantity":0}])");
    const Answer answer = call("api-jobs-sync", order);
    expect_failure(answer, 422, "VALIDATION_ERROR", "MIN_VALUE");
    EXPECT_EQ(answer.at("/error/details/0/path"), "parts[1].quantity");
    EXPECT_EQ(count("jobs"), 1);
    EXPECT_EQ(count("parts"), 1);
}

TEST_F(StatusTest, ReadOnlyTransactionsReadWithAKeyToo) {
    const std::string key = new_key(tenant_a);
    Request read = bare("api-jobs-list", "", {{"x-api-key", key}});
    read.method = "GET";
    expect_success(rest().call(read));
    read.method = "HEAD";
    expect_success(rest().call(read));
    read.method = "PUT";
    expect_raised(rest().call(read), 405, "PGRST101");
}

}  // namespace
}  // namespace eryxon::http_test
