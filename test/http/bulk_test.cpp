// Bulk calls over HTTP: the greatest number of records, the envelope with options, and all-or-nothing calls that
// PostgREST commits.
#include "fixture.hpp"

namespace eryxon::http_test {
namespace {

class BulkTest : public HttpTest {
protected:
    // That many new jobs as a JSON array.
    static std::string jobs(int number) {
        std::string records;
        for (int n = 0; n < number; ++n)
            records += (n ? "," : "[") + job("J" + std::to_string(n));
        return records + "]";
    }
    static std::string with_options(const std::string& records, const std::string& options) {
        return "{\"items\":" + records + ",\"options\":" + options + "}";
    }
};

TEST_F(BulkTest, ThousandRecordsAreTheMost) {
    const std::string too_many = jobs(1001);
    for (const std::string& body : {too_many, "{\"items\":" + too_many + "}", "{\"jobs\":" + too_many + "}"})
        expect_failure(call("api-jobs-bulk-sync", body), 400, "BAD_REQUEST", "BATCH_TOO_LARGE");
    for (const char* function : {"api-erp-sync-sync", "api-erp-sync-diff"})
        expect_failure(call(function, "{\"jobs\":" + too_many + "}"), 400, "BAD_REQUEST", "BATCH_TOO_LARGE");
    EXPECT_EQ(count("jobs"), 0);
    EXPECT_EQ(count("eryxon.sync_run"), 0);
    EXPECT_EQ(call("api-jobs-bulk-sync", jobs(1000)).at("/data/created"), "1000");
}

TEST_F(BulkTest, TheMostCountsAllEntitiesOfASync) {
    std::string cells;
    for (int n = 0; n < 500; ++n)
        cells += (n ? "," : "[") + record("C" + std::to_string(n), "\"name\":\"" + std::to_string(n) + "\"");
    expect_failure(call("api-erp-sync-sync", "{\"jobs\":" + jobs(501) + ",\"cells\":" + cells + "]}"), 400,
                   "BAD_REQUEST", "BATCH_TOO_LARGE");
    expect_success(call("api-erp-sync-sync", "{\"jobs\":" + jobs(500) + ",\"cells\":" + cells + "]}"));
}

TEST_F(BulkTest, ChildrenDoNotCountAsTopLevel) {
    std::string parts;
    for (int n = 0; n < 1100; ++n)
        parts += (n ? "," : "[") + std::string(R"({"external_id":"P)") + std::to_string(n) + R"(","part_number":")" +
                 std::to_string(n) + "\"}";
    const Answer answer = call("api-jobs-bulk-sync", "[" + job("J", "\"parts\":" + parts + "]") + "]");
    expect_success(answer);
    EXPECT_EQ(answer.at("/data/results/0/children/parts/created"), "1100");
}

// The codes that PostgREST takes for broken statements of its own, and one that it does not.
TEST_F(BulkTest, WhatADeferredConstraintRaisesIsTheAnswer) {
    admin().run(R"(CREATE FUNCTION public.raise_late() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN IF NEW.notes ~ '^[0-9A-Z]{5}$' THEN RAISE EXCEPTION 'late' USING ERRCODE = NEW.notes; END IF; RETURN NULL; END $$)");
    admin().run(
        "CREATE CONSTRAINT TRIGGER late AFTER INSERT OR UPDATE ON public.jobs DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW EXECUTE FUNCTION public.raise_late()");
    for (const char* code : {"42P05", "42601"}) {
        const std::string bad = job("LATE", "\"notes\":\"" + std::string(code) + "\"");
        expect_failure(call("api-jobs-sync", bad), 500, "INTERNAL_ERROR");
        expect_failure(call("api-jobs-bulk-sync", "[" + job("GOOD") + "," + bad + "]"), 500, "INTERNAL_ERROR");
    }
    expect_failure(call("api-jobs-sync", job("LATE", R"("notes":"23505")")), 409, "CONFLICT");
    EXPECT_EQ(count("jobs"), 0);
    EXPECT_EQ(count("eryxon.sync_run"), 0);
    expect_success(call("api-jobs-sync", job("GOOD")), 201);
    admin().run("DROP TRIGGER late ON public.jobs");
    admin().run("DROP FUNCTION public.raise_late()");
}

TEST_F(BulkTest, TheMostIsASetting) {
    admin().run("ALTER ROLE eryxon_api SET eryxon.max_bulk_records = 3");
    {
        PostgRest other(std::getenv("PGDATABASE"));
        expect_failure(other.call(request("api-jobs-bulk-sync", jobs(4))), 400, "BAD_REQUEST", "BATCH_TOO_LARGE");
        expect_success(other.call(request("api-jobs-bulk-sync", jobs(3))));
    }
    admin().run("ALTER ROLE eryxon_api RESET eryxon.max_bulk_records");
}

TEST_F(BulkTest, TenTimesAsManyRecordsMayBeNested) {
    admin().run("ALTER ROLE eryxon_api SET eryxon.max_bulk_records = 1");
    {
        PostgRest other(std::getenv("PGDATABASE"));
        auto const order = [](int parts) {
            std::string records;
            for (int n = 0; n < parts; ++n)
                records += (n ? "," : "") + std::string(R"({"external_id":"P)") + std::to_string(n) +
                           R"(","part_number":")" + std::to_string(n) + R"(","operations":[]})";
            return "[" + record("J", R"("job_number":"J","parts":[)" + records + "]") + "]";
        };
        expect_failure(other.call(request("api-jobs-bulk-sync", order(11))), 400, "BAD_REQUEST", "BATCH_TOO_LARGE");
        for (const char* function : {"api-erp-sync-sync", "api-erp-sync-diff"})
            expect_failure(other.call(request(function, "{\"jobs\":" + order(11) + "}")), 400, "BAD_REQUEST",
                           "BATCH_TOO_LARGE");
        expect_success(other.call(request("api-jobs-bulk-sync", order(10))));
    }
    admin().run("ALTER ROLE eryxon_api RESET eryxon.max_bulk_records");
}

TEST_F(BulkTest, EmptyCallsDoNothing) {
    for (const char* body : {"[]", R"({"items":[]})", R"({"jobs":[]})"}) {
        const Answer answer = call("api-jobs-bulk-sync", body);
        expect_success(answer);
        EXPECT_EQ(answer.at("/data/total"), "0");
    }
}

TEST_F(BulkTest, OptionsStandBesideTheRecords) {
    Answer answer = call("api-jobs-bulk-sync", with_options(jobs(2), R"({"dry_run":true})"));
    expect_success(answer);
    EXPECT_EQ(answer.at("/data/created"), "2");
    EXPECT_EQ(count("jobs"), 0);
    answer =
        call("api-jobs-bulk-sync", "{\"jobs\":" + jobs(2) + R"(,"options":{"results":"none","client_ref":"nightly"}})");
    expect_success(answer);
    EXPECT_TRUE(answer.at("/data/results") == "(none)" || answer.at("/data/results") == "[]") << answer.body;
    EXPECT_EQ(count("eryxon.sync_run", "client_ref = 'nightly'"), 1);
    answer = call("api-jobs-bulk-sync", with_options(jobs(1), R"({"mode":"create"})"));
    EXPECT_EQ(answer.at("/data/results/0/code"), "EXISTS");
    answer = call("api-erp-sync-sync", "{\"jobs\":" + jobs(1) + R"(,"options":{"skip_unchanged":false}})");
    EXPECT_EQ(answer.at("/data/summary/updated"), "1") << answer.body;
    answer = call("api-erp-sync-diff", "{\"jobs\":" + jobs(1) + R"(,"options":{"client_ref":"asked"}})");
    expect_success(answer);
    EXPECT_EQ(count("eryxon.sync_run", "client_ref = 'asked'"), 1);
}

TEST_F(BulkTest, UnknownOptionsAreBadRequests) {
    for (const char* options : {R"({"wombat":1})", R"({"mode":"sideways"})", R"({"dry_run":"perhaps"})"}) {
        expect_failure(call("api-jobs-bulk-sync", with_options(jobs(1), options)), 400, "BAD_REQUEST",
                       "INVALID_OPTION");
        expect_failure(call("api-erp-sync-sync", "{\"jobs\":" + jobs(1) + ",\"options\":" + options + "}"), 400,
                       "BAD_REQUEST", "INVALID_OPTION");
    }
    for (const char* options : {"7", "[]", "\"dry_run\""})
        expect_status(call("api-jobs-bulk-sync", with_options(jobs(1), options)), {400});
    EXPECT_EQ(count("jobs"), 0);
}

TEST_F(BulkTest, CallsThatAreAbortedLeaveNothing) {
    const std::string records = "[" + job("A") + "," + job("B", R"("priority":-1)") + "]";
    Answer answer = call("api-jobs-bulk-sync", with_options(records, R"({"on_error":"abort"})"));
    expect_failure(answer, 422, "VALIDATION_ERROR", "MIN_VALUE");
    EXPECT_EQ(answer.at("/error/details/0/path"), "[1].priority");
    answer = call("api-jobs-bulk-sync", with_options(records, R"({"max_errors":0})"));
    EXPECT_GE(answer.status, 400);
    EXPECT_LT(answer.status, 500);
    answer = call("api-erp-sync-sync", "{\"jobs\":" + records + R"(,"options":{"on_error":"abort"}})");
    expect_failure(answer, 422, "VALIDATION_ERROR", "MIN_VALUE");
    EXPECT_EQ(count("jobs"), 0);
    EXPECT_EQ(count("eryxon.sync_run"), 0);
}

TEST_F(BulkTest, ElementsThatAreNoRecordsGetTheirErrors) {
    const Answer answer = call("api-jobs-bulk-sync", "[7," + job("A") + ",null,[],\"x\",{}]");
    expect_success(answer);
    EXPECT_EQ(answer.at("/data/total"), "6");
    EXPECT_EQ(answer.at("/data/created"), "1");
    EXPECT_EQ(answer.at("/data/errors"), "5");
    EXPECT_EQ(answer.at("/data/results/0/code"), "INVALID_PAYLOAD");
    EXPECT_EQ(answer.at("/data/results/1/action"), "created");
}

TEST_F(BulkTest, CallsThatFailWhollyKeepTheirHistory) {
    const Answer answer = call("api-jobs-bulk-sync", "[" + record("A", "") + "," + record("B", "") + "]");
    expect_success(answer);
    EXPECT_EQ(answer.at("/data/errors"), "2");
    EXPECT_EQ(count("eryxon.sync_run", "status = 'failed' AND errors = 2"), 1);
}

TEST_F(BulkTest, ReservedNamesAreRefused) {
    expect_status(call("api-jobs-sync", job("A", R"("_wombat":1)")), {400, 422});
    EXPECT_EQ(call("api-jobs-bulk-sync", "[" + job("A", R"("_wombat":1)") + "]").at("/data/results/0/code"),
              "INVALID_PAYLOAD");
    const Answer answer =
        call("api-jobs-sync", job("A", R"("sync_hash":"x","deleted_at":"2020-01-01","synced_at":null)"));
    expect_success(answer, 201);
    EXPECT_EQ(answer.at("/data/warnings/0/code"), "READ_ONLY") << answer.body;
    EXPECT_EQ(count("jobs", "deleted_at IS NULL"), 1);
}

}  // namespace
}  // namespace eryxon::http_test
