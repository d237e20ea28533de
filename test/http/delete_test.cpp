// Deletes over HTTP: hard and soft, what goes along, running work and force.
#include "fixture.hpp"

namespace eryxon::http_test {
namespace {

class DeleteTest : public HttpTest {
protected:
    void SetUp() override {
        HttpTest::SetUp();
        seed();
    }
    static void start_operation() {
        admin().run("UPDATE operations SET status = 'in_progress' WHERE external_id = 'O1'");
    }
    static std::string by_id(const std::string& entity, const std::string& external_id,
                             const std::string& further = "") {
        return "{\"id\":\"" + id_of(entity, external_id) + "\"" + further + "}";
    }
    static std::string by_key(const std::string& external_id, const std::string& further = "") {
        return R"({"external_id":")" + external_id + R"(","external_source":"SAP")" + further + "}";
    }
};

TEST_F(DeleteTest, HardDeletesTakeChildrenAlong) {
    const Answer answer = call("api-jobs-delete", by_id("jobs", "J1"));
    expect_success(answer);
    EXPECT_EQ(answer.at("/data/children/parts"), "1") << answer.body;
    EXPECT_EQ(answer.at("/data/children/operations"), "1") << answer.body;
    EXPECT_EQ(count("jobs") + count("parts") + count("operations"), 0);
}

TEST_F(DeleteTest, SoftDeletesMarkChildren) {
    for (const std::string& body :
         {by_id("jobs", "J1", ",\"hard\":false"), by_key("J1"), by_key("J1", ",\"hard\":false")}) {
        const Answer answer = call("api-jobs-delete", body);
        expect_success(answer);
        EXPECT_EQ(answer.at("/data/hard"), "false");
        EXPECT_EQ(answer.at("/data/children/parts"), "1") << answer.body;
        EXPECT_EQ(count("jobs", "deleted_at IS NOT NULL") + count("parts", "deleted_at IS NOT NULL") +
                      count("operations", "deleted_at IS NOT NULL"),
                  3);
        EXPECT_EQ(call("api-jobs-sync", job("J1")).at("/data/action"), "restored");
    }
}

TEST_F(DeleteTest, ByKeyCanBeHard) {
    const Answer answer = call("api-jobs-delete", by_key("J1", ",\"hard\":true"));
    expect_success(answer);
    EXPECT_EQ(answer.at("/data/hard"), "true");
    EXPECT_EQ(count("jobs"), 0);
}

TEST_F(DeleteTest, HardDeletesReachDeletedRows) {
    expect_success(call("api-jobs-delete", by_key("J1")));
    expect_success(call("api-jobs-delete", by_id("jobs", "J1")));
    EXPECT_EQ(count("jobs"), 0);
}

TEST_F(DeleteTest, RunningWorkNeedsForce) {
    start_operation();
    const std::pair<std::string, std::string> calls[] = {{"jobs", by_id("jobs", "J1")},
                                                         {"jobs", by_id("jobs", "J1", ",\"hard\":false")},
                                                         {"jobs", by_key("J1")},
                                                         {"jobs", by_key("J1", ",\"hard\":true")},
                                                         {"jobs", by_key("J1", ",\"force\":false")},
                                                         {"parts", by_id("parts", "P1")},
                                                         {"parts", by_key("P1")},
                                                         {"operations", by_id("operations", "O1")},
                                                         {"operations", by_key("O1")}};
    for (const auto& [entity, body] : calls)
        expect_failure(call("api-" + entity + "-delete", body), 409, "CONFLICT", "IN_PROGRESS");
    EXPECT_EQ(count("operations", "deleted_at IS NULL"), 1);
    expect_success(call("api-jobs-delete", by_key("J1", ",\"force\":true")));
    EXPECT_EQ(count("operations", "deleted_at IS NULL"), 0);
    expect_success(call("api-jobs-sync", job("J1")));
    EXPECT_EQ(count("operations", "deleted_at IS NULL"), 1);
    expect_success(call("api-jobs-delete", by_id("jobs", "J1", ",\"force\":true")));
    EXPECT_EQ(count("jobs"), 0);
}

TEST_F(DeleteTest, NotesWhoDeleted) {
    const std::string user = "dddddddd-0000-4000-8000-00000000000d";
    Request soft = request("api-jobs-delete", by_key("J1"));
    soft.claims = R"({"role":"eryxon_api","tenant_id":")" + tenant_a + R"(","sub":")" + user + "\"}";
    expect_success(rest().call(soft));
    EXPECT_EQ(admin().value("SELECT deleted_by FROM jobs"), user);
}

TEST_F(DeleteTest, CellsInUseStay) {
    for (const std::string& body : {by_id("cells", "C1"), by_id("cells", "C1", ",\"force\":true"), by_key("C1")})
        expect_failure(call("api-cells-delete", body), 409, "CONFLICT");
    EXPECT_EQ(count("cells", "deleted_at IS NULL"), 1);
    expect_success(call("api-jobs-delete", by_id("jobs", "J1")));
    expect_success(call("api-cells-delete", by_id("cells", "C1")));
}

TEST_F(DeleteTest, RecordsCanDeleteInBulk) {
    const std::string records =
        "[" + record("J1", R"("_op":"delete")") + "," + record("none", R"("_op":"delete")") + "]";
    start_operation();
    Answer answer = call("api-jobs-bulk-sync", records);
    expect_success(answer);
    EXPECT_EQ(answer.at("/data/results/0/code"), "IN_PROGRESS");
    EXPECT_EQ(answer.at("/data/results/1/action"), "skipped");
    answer = call("api-jobs-bulk-sync", "{\"items\":" + records + ",\"options\":{\"force\":true}}");
    EXPECT_EQ(answer.at("/data/deleted"), "1") << answer.body;
    expect_status(call("api-jobs-sync", record("J1", R"("_op":"delete")")), {200});
}

}  // namespace
}  // namespace eryxon::http_test
