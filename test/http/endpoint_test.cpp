// Every endpoint function of every entity: what it answers, with which status, and in which access mode it runs.
#include "fixture.hpp"

namespace eryxon::http_test {
namespace {

// An entity with the members of two records, and those of a change and of a fault.
struct Sample {
    std::string entity, singular, first, second, changed, faulty, constraint;
};

const Sample samples[] = {
    {"cells", "cell", R"("name":"Mill")", R"("name":"Lathe")", R"("description":"new")", R"("color":"red")",
     "PATTERN_MISMATCH"},
    {"resources", "resource", R"("name":"Jig","type":"fixture")", R"("name":"Die","type":"mold")", R"("notes":"new")",
     R"("status":"lost")", "ENUM_CONSTRAINT"},
    {"jobs", "job", R"("job_number":"1")", R"("job_number":"2")", R"("customer":"new")", R"("due_date":"31-12-2026")",
     "DATE_FORMAT"},
    {"parts", "part", R"("part_number":"1","job_external_id":"J1")", R"("part_number":"2","job_external_id":"J1")",
     R"("material":"new")", R"("quantity":0)", "MIN_VALUE"},
    {"operations", "operation", R"("operation_name":"1","part_external_id":"P1","cell_name":"Saw")",
     R"("operation_name":"2","part_external_id":"P1","cell_external_id":"C1")", R"("notes":"new")",
     R"("setup_time":"12abc")", "TYPE_MISMATCH"}};

void PrintTo(const Sample& sample, std::ostream* out) {
    *out << sample.entity;
}

class EndpointTest : public HttpTest, public testing::WithParamInterface<Sample> {
protected:
    void SetUp() override {
        HttpTest::SetUp();
        seed();
    }
    static std::string function(const std::string& what) { return "api-" + GetParam().entity + "-" + what; }
    static std::string state(const std::string& external_id) {
        return admin().value("SELECT CASE WHEN deleted_at IS NULL THEN 'live' ELSE 'deleted' END FROM " +
                             GetParam().entity + " WHERE external_id = '" + external_id + "'");
    }
};

INSTANTIATE_TEST_SUITE_P(Entities, EndpointTest, testing::ValuesIn(samples),
                         [](const auto& info) { return info.param.entity; });

TEST_P(EndpointTest, SyncCreatesSkipsUpdatesAndRestores) {
    const Sample& sample = GetParam();
    Answer answer = call(function("sync"), record("X1", sample.first));
    expect_success(answer, 201);
    EXPECT_EQ(answer.at("/data/action"), "created");
    EXPECT_EQ(answer.at("/data/entity"), sample.entity);
    EXPECT_EQ(answer.at("/data/id"), id_of(sample.entity, "X1"));
    EXPECT_EQ(answer.at("/data/external_id"), "X1");
    EXPECT_EQ(answer.at("/data/external_source"), "SAP");
    EXPECT_EQ(answer.at("/data/sync_hash").size(), 64u);
    EXPECT_NE(answer.at("/data/synced_at"), "(none)");

    answer = call(function("sync"), record("X1", sample.first));
    expect_success(answer, 200);
    EXPECT_EQ(answer.at("/data/action"), "skipped");

    answer = call(function("sync"), record("X1", sample.changed));
    expect_success(answer, 200);
    EXPECT_EQ(answer.at("/data/action"), "updated");

    admin().run("DELETE FROM " + sample.entity + " WHERE external_id = 'X1'");
    EXPECT_EQ(state("X1"), "deleted");
    answer = call(function("sync"), record("X1", sample.changed));
    expect_success(answer, 200);
    EXPECT_EQ(answer.at("/data/action"), "restored");
    EXPECT_EQ(state("X1"), "live");
}

TEST_P(EndpointTest, SyncRefusesFaultyRecords) {
    const Sample& sample = GetParam();
    expect_failure(call(function("sync"), record("X1", sample.first + "," + sample.faulty)), 422, "VALIDATION_ERROR",
                   sample.constraint);
    expect_failure(call(function("sync"), R"({"external_source":"SAP"})"), 422, "VALIDATION_ERROR");
    EXPECT_EQ(state("X1"), "");
}

TEST_P(EndpointTest, BulkSyncAnswersPerRecord) {
    const Sample& sample = GetParam();
    const std::string records = "[" + record("X1", sample.first) + "," +
                                record("X2", sample.second + "," + sample.faulty) + "," + record("X3", sample.second) +
                                "]";
    const std::string bodies[] = {records, "{\"items\":" + records + "}",
                                  "{\"" + sample.entity + "\":" + records + "}"};
    for (const std::string& body : bodies) {
        const bool first = &body == bodies;
        const Answer answer = call(function("bulk-sync"), body);
        expect_success(answer);
        EXPECT_EQ(answer.at("/data/total"), "3");
        EXPECT_EQ(answer.at("/data/created"), first ? "2" : "0");
        EXPECT_EQ(answer.at("/data/skipped"), first ? "0" : "2");
        EXPECT_EQ(answer.at("/data/errors"), "1");
        EXPECT_EQ(answer.at("/data/results/0/action"), first ? "created" : "skipped");
        EXPECT_EQ(answer.at("/data/results/0/id"), id_of(sample.entity, "X1"));
        EXPECT_EQ(answer.at("/data/results/1/action"), "error");
        EXPECT_EQ(answer.at("/data/results/1/code"), sample.constraint);
        EXPECT_EQ(answer.at("/data/results/1/details/0/constraint"), sample.constraint);
        EXPECT_EQ(answer.at("/data/results/2/index"), "2");
    }
}

TEST_P(EndpointTest, ListReadsInBothModes) {
    const Sample& sample = GetParam();
    call(function("sync"), record("X1", sample.first));
    const std::string id = id_of(sample.entity, "X1");
    Answer answer = get(function("list"), {{"external_id", "X1"}, {"external_source", "SAP"}});
    expect_success(answer);
    EXPECT_EQ(json_names(answer.body, "/data"), sample.entity + " pagination");
    EXPECT_EQ(answer.at("/data/" + sample.entity + "/0/id"), id);
    EXPECT_EQ(answer.at("/data/" + sample.entity + "/1"), "(none)");
    EXPECT_EQ(answer.at("/data/pagination/total"), "1");
    EXPECT_EQ(answer.at("/data/pagination/limit"), "100");
    EXPECT_EQ(answer.at("/data/pagination/offset"), "0");

    const Answer posted = call(function("list"), R"({"external_id":"X1","external_source":"SAP"})");
    EXPECT_EQ(posted.body, answer.body);
    EXPECT_EQ(posted.status, 200);

    answer = get(function("list"), {{"id", id}});
    expect_success(answer);
    EXPECT_EQ(json_names(answer.body, "/data"), sample.singular);
    EXPECT_EQ(answer.at("/data/" + sample.singular + "/external_id"), "X1");
    expect_failure(get(function("list"), {{"id", nobody}}), 404, "NOT_FOUND");
}

TEST_P(EndpointTest, ListIsReadOnlyAndDeleteIsNot) {
    EXPECT_TRUE(rest().routines().at(function("list")).stable);
    for (const char* what : {"sync", "bulk-sync", "delete"})
        EXPECT_FALSE(rest().routines().at(function(what)).stable);
    call(function("sync"), record("X1", GetParam().first));
    expect_raised(get(function("delete"), {{"id", id_of(GetParam().entity, "X1")}}), 405, "25006");
    EXPECT_EQ(state("X1"), "live");
}

TEST_P(EndpointTest, DeleteByIdIsHardAndByKeyIsSoft) {
    const Sample& sample = GetParam();
    call(function("bulk-sync"), "[" + record("X1", sample.first) + "," + record("X2", sample.second) + "]");
    const std::string id = id_of(sample.entity, "X1");
    Answer answer = call(function("delete"), "{\"id\":\"" + id + "\"}");
    expect_success(answer);
    EXPECT_EQ(answer.at("/data/action"), "deleted");
    EXPECT_EQ(answer.at("/data/id"), id);
    EXPECT_EQ(answer.at("/data/hard"), "true");
    EXPECT_EQ(state("X1"), "");
    expect_failure(call(function("delete"), "{\"id\":\"" + id + "\"}"), 404, "NOT_FOUND");

    answer = call(function("delete"), R"({"external_id":"X2","external_source":"SAP"})");
    expect_success(answer);
    EXPECT_EQ(answer.at("/data/hard"), "false");
    EXPECT_EQ(state("X2"), "deleted");
    expect_failure(call(function("delete"), R"({"external_id":"X2","external_source":"SAP"})"), 404, "NOT_FOUND");
}

TEST_P(EndpointTest, AnswersUnauthorizedWithoutTenant) {
    for (const char* what : {"sync", "bulk-sync", "delete", "list"}) {
        const std::string body = what == std::string("bulk-sync") ? "[]" : "{}";
        expect_failure(rest().call(bare(function(what), body)), 401, "UNAUTHORIZED");
    }
    Request read = bare(function("list"), "");
    read.method = "GET";
    expect_failure(rest().call(read), 401, "UNAUTHORIZED");
}

class ErpSyncTest : public HttpTest {};

TEST_F(ErpSyncTest, SyncTakesEntitiesInAnyOrder) {
    const std::string body = "{\"operations\":[" +
                             record("O1", R"("operation_name":"Cut","part_external_id":"P1","cell_external_id":"C1")") +
                             "],\"parts\":[" + record("P1", R"("part_number":"1","job_external_id":"J1")") +
                             "],\"jobs\":[" + job("J1") + "],\"cells\":[" + record("C1", R"("name":"Saw")") + "]}";
    Answer answer = call("api-erp-sync-diff", body);
    expect_success(answer);
    EXPECT_EQ(answer.at("/data/summary/created"), "4");
    EXPECT_EQ(count("jobs"), 0);

    answer = call("api-erp-sync-sync", body);
    expect_success(answer);
    EXPECT_EQ(answer.at("/data/summary/created"), "4");
    EXPECT_EQ(answer.at("/data/entities/operations/results/0/action"), "created");
    EXPECT_EQ(call("api-erp-sync-sync", body).at("/data/summary/skipped"), "4");
}

TEST_F(ErpSyncTest, DiffShowsChangesAndWritesOnlyHistory) {
    call("api-jobs-sync", job("J1", R"("customer":"A")"));
    const Answer answer = call("api-erp-sync-diff", "{\"jobs\":[" + job("J1", R"("customer":"B")") + "]}");
    expect_success(answer);
    EXPECT_EQ(answer.at("/data/entities/jobs/results/0/action"), "updated");
    EXPECT_EQ(answer.at("/data/entities/jobs/results/0/changes"), R"([{"field":"customer","old":"A","new":"B"}])");
    EXPECT_EQ(admin().value("SELECT customer FROM jobs"), "A");
    EXPECT_EQ(count("eryxon.sync_run", "operation = 'diff'"), 1);
    EXPECT_FALSE(rest().routines().at("api-erp-sync-diff").stable);
}

TEST_F(ErpSyncTest, StatusCountsAndTellsHistory) {
    call("api-jobs-bulk-sync", "[" + job("J1") + "," + job("J2") + "]");
    call("api-cells-sync", record("C1", R"("name":"Saw")"));
    Answer answer = get("api-erp-sync-status", {});
    expect_success(answer);
    EXPECT_EQ(answer.at("/data/entities/jobs/live"), "2");
    EXPECT_EQ(answer.at("/data/entities/cells/sources/0/source"), "SAP");
    EXPECT_NE(answer.at("/data/runs/1"), "(none)");
    answer = call("api-erp-sync-status", R"({"entity_type":"jobs","source":"SAP","max_rows":1})");
    expect_success(answer);
    EXPECT_EQ(answer.at("/data/entities/cells"), "(none)");
    EXPECT_EQ(answer.at("/data/runs/0/entity"), "jobs");
    EXPECT_EQ(answer.at("/data/runs/1"), "(none)");
    expect_status(get("api-erp-sync-status", {{"entity_type", "wombats"}}), {400, 404, 422});
    for (const char* rows : {"-1", "2147483647"})
        expect_status(get("api-erp-sync-status", {{"max_rows", rows}}), {400, 422});
}

TEST_F(ErpSyncTest, AnswersUnauthorizedWithoutTenant) {
    for (const char* function : {"api-erp-sync-sync", "api-erp-sync-diff", "api-erp-sync-status"})
        expect_failure(rest().call(bare(function, "{}")), 401, "UNAUTHORIZED");
}

}  // namespace
}  // namespace eryxon::http_test
