// Reading back: filters, order, pages and their bounds.
#include "fixture.hpp"

#include <set>

namespace eryxon::http_test {
namespace {

class ListTest : public HttpTest {
protected:
    // 25 jobs J01 to J25 of three sources, every fifth deleted softly.
    void SetUp() override {
        HttpTest::SetUp();
        std::string records;
        for (int number = 1; number <= 25; ++number) {
            const std::string text = (number < 10 ? "0" : "") + std::to_string(number);
            records += (number > 1 ? "," : "") + std::string(R"({"external_id":"J)") + text +
                       R"(","external_source":")" + (number % 3 == 0 ? "Odoo" : "SAP") + R"(","job_number":"SO-)" +
                       text + R"(","priority":)" + std::to_string(number % 4) + R"(,"status":")" +
                       (number % 2 == 0 ? "in_progress" : "not_started") + "\"}";
        }
        ASSERT_EQ(call("api-jobs-bulk-sync", "[" + records + "]").at("/data/created"), "25");
        admin().run("DELETE FROM jobs WHERE right(external_id, 1) IN ('0', '5')");
    }
    static Answer list(std::vector<std::pair<std::string, std::string>> arguments) {
        return get("api-jobs-list", std::move(arguments));
    }
    static std::string total(const Answer& answer) { return answer.at("/data/pagination/total"); }
    // The external ids of an answer, in order.
    static std::vector<std::string> ids(const Answer& answer) {
        std::vector<std::string> found;
        for (int row = 0; answer.at("/data/jobs/" + std::to_string(row)) != "(none)"; ++row)
            found.push_back(answer.at("/data/jobs/" + std::to_string(row) + "/external_id"));
        return found;
    }
};

TEST_F(ListTest, ShowsLiveRowsUnlessAskedForAll) {
    EXPECT_EQ(total(list({})), "20");
    EXPECT_EQ(ids(list({})).size(), 20u);
    EXPECT_EQ(total(list({{"include_deleted", "false"}})), "20");
    EXPECT_EQ(total(list({{"include_deleted", "true"}})), "25");
    const std::string deleted = id_of("jobs", "J05");
    expect_failure(list({{"id", deleted}}), 404, "NOT_FOUND");
    expect_success(list({{"id", deleted}, {"include_deleted", "true"}}));
}

TEST_F(ListTest, FiltersAddUp) {
    EXPECT_EQ(total(list({{"external_source", "Odoo"}})), "7");
    EXPECT_EQ(total(list({{"external_source", "odoo"}})), "0");
    EXPECT_EQ(total(list({{"status", "in_progress"}})), "10");
    EXPECT_EQ(total(list({{"status", "in_progress"}, {"external_source", "Odoo"}})), "4");
    EXPECT_EQ(total(list({{"external_id", "J01"}})), "1");
    EXPECT_EQ(total(list({{"external_id", "J01"}, {"external_source", "Odoo"}})), "0");
}

TEST_F(ListTest, SearchTakesPartsOfTheNumberLiterally) {
    EXPECT_EQ(ids(list({{"search", "O-07"}})), std::vector<std::string>{"J07"});
    EXPECT_EQ(total(list({{"search", "SO-1"}})), "8");
    for (const char* pattern : {"%", "_", "SO%7", "S_-07", "\\", "'; DROP TABLE jobs; --"})
        EXPECT_EQ(total(list({{"search", pattern}})), "0") << pattern;
    call("api-jobs-sync", record("P", R"("job_number":"100%_\\x")"));
    EXPECT_EQ(ids(list({{"search", "0%_\\x"}})), std::vector<std::string>{"P"});
    call("api-cells-sync", record("C1", R"("name":"Band saw")"));
    EXPECT_EQ(get("api-cells-list", {{"search", "nd sa"}}).at("/data/cells/0/external_id"), "C1");
}

TEST_F(ListTest, UpdatedSinceCutsOffOlderRows) {
    admin().run(
        "ALTER TABLE jobs DISABLE TRIGGER USER; UPDATE jobs SET updated_at = '2020-01-01', synced_at = '2020-01-01' "
        "WHERE external_id <= 'J10'; ALTER TABLE jobs ENABLE TRIGGER USER");
    EXPECT_EQ(total(list({{"updated_since", "2020-01-02T00:00:00Z"}})), "12");
    EXPECT_EQ(total(list({{"updated_since", "2019-12-31T23:00:00-05:00"}})), "12");
    EXPECT_EQ(total(list({{"updated_since", "2019-12-31"}})), "20");
    EXPECT_EQ(total(list({{"updated_since", "2100-01-01"}})), "0");
}

TEST_F(ListTest, UpdatedSinceHasTheFormsThatRecordsMayHave) {
    for (const char* time : {"20200101", "2020-01-01T10:00", "2020-01-01 10:00:00.5", "2020-01-01T10:00:00+02"})
        EXPECT_EQ(get("api-jobs-list", {{"updated_since", time}}).status, 200) << time;
    for (const char* time :
         {"11/12/2026", "yesterday", "infinity", "-infinity", "epoch", "now", "today", "2020", "Jan 1 2020",
          "2020-13-01", "2020-01-01T25:00", "2020-01-01 BC", "2020-01-01T10:00 Europe/Paris", ""}) {
        const Answer answer = get("api-jobs-list", {{"updated_since", time}});
        EXPECT_EQ(answer.status, 400) << time << ": " << answer.body;
    }
}

TEST_F(ListTest, SortsByColumns) {
    EXPECT_EQ(ids(list({{"sort_by", "job_number"}}))[0], "J01");
    EXPECT_EQ(ids(list({{"sort_by", "job_number"}, {"sort_order", "asc"}}))[0], "J01");
    EXPECT_EQ(ids(list({{"sort_by", "job_number"}, {"sort_order", "desc"}}))[0], "J24");
    EXPECT_EQ(list({{"sort_by", "priority"}, {"sort_order", "desc"}}).at("/data/jobs/0/priority"), "3");
    for (const char* column :
         {"wombat", "1", "job_number desc", "job_number; DROP TABLE jobs", "(SELECT 1)", "ctid", "\"x"}) {
        const Answer answer = list({{"sort_by", column}});
        expect_status(answer, {400, 422});
        EXPECT_EQ(answer.at("/success"), "false") << column;
    }
    expect_status(list({{"sort_by", "job_number"}, {"sort_order", "sideways"}}), {400, 422});
}

TEST_F(ListTest, PagesTouchEveryRowOnce) {
    for (const char* column : {"priority", "job_number", "created_at", "status"}) {
        std::set<std::string> seen;
        for (int offset = 0; offset < 21; offset += 3) {
            const Answer answer = list({{"sort_by", column}, {"max_rows", "3"}, {"skip_rows", std::to_string(offset)}});
            expect_success(answer);
            EXPECT_EQ(total(answer), "20");
            EXPECT_EQ(answer.at("/data/pagination/limit"), "3");
            EXPECT_EQ(answer.at("/data/pagination/offset"), std::to_string(offset));
            for (const std::string& id : ids(answer))
                EXPECT_TRUE(seen.insert(id).second) << id;
        }
        EXPECT_EQ(seen.size(), 20u) << column;
    }
    const Answer beyond = list({{"skip_rows", "1000"}});
    EXPECT_EQ(beyond.at("/data/jobs"), "[]");
    EXPECT_EQ(total(beyond), "20");
}

TEST_F(ListTest, PagesHaveBounds) {
    expect_success(list({{"max_rows", "1"}}));
    expect_success(list({{"max_rows", "1000"}}));
    for (const char* rows : {"0", "-1", "1001", "2147483647"})
        expect_status(list({{"max_rows", rows}}), {400, 422});
    for (const char* rows : {"-1", "-2147483648"})
        expect_status(list({{"skip_rows", rows}}), {400, 422});
}

TEST_F(ListTest, RowsShowTheirFields) {
    const Answer answer = list({{"external_id", "J02"}});
    EXPECT_EQ(answer.at("/data/jobs/0/id"), id_of("jobs", "J02"));
    EXPECT_EQ(answer.at("/data/jobs/0/job_number"), "SO-02");
    EXPECT_EQ(answer.at("/data/jobs/0/status"), "in_progress");
    EXPECT_EQ(answer.at("/data/jobs/0/priority"), "2");
    EXPECT_NE(answer.at("/data/jobs/0/synced_at"), "(none)");
    const Answer one = list({{"id", id_of("jobs", "J02")}});
    EXPECT_EQ(one.at("/data/job"), answer.at("/data/jobs/0"));
}

TEST_F(ListTest, NullArgumentsAreAbsentOnes) {
    EXPECT_EQ(call("api-jobs-list", R"({"id":null,"status":null,"sort_by":null,"max_rows":null})")
                  .at("/data/pagination/total"),
              "20");
    expect_status(list({{"status", ""}}), {200, 400, 422});
}

TEST_F(ListTest, ThousandRowsFitOnePage) {
    std::string records;
    for (int number = 0; number < 1000; ++number)
        records += (number ? "," : "") + job("K" + std::to_string(number));
    EXPECT_EQ(call("api-jobs-bulk-sync", "[" + records + "]").at("/data/created"), "1000");
    const Answer answer = list({{"max_rows", "1000"}});
    EXPECT_EQ(total(answer), "1020");
    EXPECT_NE(answer.at("/data/jobs/999"), "(none)");
    EXPECT_EQ(answer.at("/data/jobs/1000"), "(none)");
    EXPECT_EQ(list({}).at("/data/jobs/100"), "(none)");
}

}  // namespace
}  // namespace eryxon::http_test
