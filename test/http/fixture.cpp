// The two tenants, the sessions and the expectations of the tests over bare statements.
#include "fixture.hpp"

#include <algorithm>
#include <cstdlib>

namespace eryxon::http_test {

std::string claims_of(const std::string& tenant, const std::string& role) {
    return R"({"role":")" + role + R"(","tenant_id":")" + tenant + R"(","exp":4102444800})";
}

std::string record(const std::string& external_id, const std::string& members) {
    return R"({"external_id":")" + external_id + R"(","external_source":"SAP")" + (members.empty() ? "" : ",") +
           members + "}";
}

std::string job(const std::string& external_id, const std::string& members) {
    return record(external_id, R"("job_number":"N-)" + external_id + "\"" + (members.empty() ? "" : ",") + members);
}

Request request(const std::string& function, const std::string& body, const std::string& tenant) {
    Request request;
    request.function = function;
    request.body = body;
    request.role = "eryxon_api";
    request.claims = claims_of(tenant);
    request.headers = {{"authorization", "Bearer x.y.z"}, {"content-type", "application/json"}};
    return request;
}

Request query(const std::string& function, std::vector<std::pair<std::string, std::string>> arguments,
              const std::string& tenant) {
    Request query = request(function, "", tenant);
    query.method = "GET";
    query.query = std::move(arguments);
    return query;
}

Request bare(const std::string& function, const std::string& body, std::map<std::string, std::string> headers) {
    Request request;
    request.function = function;
    request.body = body;
    request.headers = std::move(headers);
    return request;
}

Session& HttpTest::admin() {
    static Session session(std::getenv("PGDATABASE"));
    return session;
}

PostgRest& HttpTest::rest() {
    static PostgRest rest(std::getenv("PGDATABASE"));
    return rest;
}

void HttpTest::SetUp() {
    admin().run(
        "TRUNCATE jobs, parts, operations, cells, resources, eryxon.sync_run, eryxon.csv_rejected, eryxon.soft_delete");
}

void HttpTest::seed(const std::string& tenant) {
    const Answer answer =
        call("api-erp-sync-sync",
             "{\"cells\":[" + record("C1", R"("name":"Saw")") + "],\"resources\":[" +
                 record("R1", R"("name":"Vise","type":"fixture")") + "],\"jobs\":[" + job("J1") + "],\"parts\":[" +
                 record("P1", R"("part_number":"N-P1","job_external_id":"J1")") + "],\"operations\":[" +
                 record("O1", R"("operation_name":"Cut","part_external_id":"P1","cell_external_id":"C1")") + "]}",
             tenant);
    ASSERT_EQ(answer.at("/data/summary/created"), "5") << answer.body;
}

std::string HttpTest::id_of(const std::string& entity, const std::string& external_id, const std::string& tenant) {
    return admin().value("SELECT id FROM " + entity + " WHERE external_id = '" + external_id + "' AND tenant_id = '" +
                         tenant + "'");
}

int HttpTest::count(const std::string& table, const std::string& condition) {
    return std::atoi(admin().value("SELECT count(*) FROM " + table + " WHERE " + condition).c_str());
}

std::string HttpTest::new_key(const std::string& tenant, const std::string& further) {
    return admin().value("SELECT eryxon_api_key_create('" + tenant + "', 'a test'" + further + ")");
}

void expect_success(const Answer& answer, int status) {
    EXPECT_EQ(answer.status, status) << answer.body;
    EXPECT_EQ(answer.at("/success"), "true") << answer.body;
    EXPECT_EQ(json_names(answer.body, ""), "success data") << answer.body;
    EXPECT_EQ(answer.sqlstate, "");
}

void expect_failure(const Answer& answer, int status, const std::string& code, const std::string& constraint) {
    EXPECT_EQ(answer.status, status) << answer.body;
    EXPECT_EQ(answer.sqlstate, "") << answer.body;
    EXPECT_EQ(answer.at("/success"), "false") << answer.body;
    EXPECT_EQ(json_names(answer.body, ""), "success error") << answer.body;
    EXPECT_EQ(json_names(answer.body, "/error"), "code message details statusCode") << answer.body;
    EXPECT_EQ(answer.at("/error/code"), code) << answer.body;
    EXPECT_EQ(answer.at("/error/statusCode"), std::to_string(status)) << answer.body;
    EXPECT_EQ(answer.at("/error/details").substr(0, 1), "[") << answer.body;
    EXPECT_NE(answer.at("/error/message"), "") << answer.body;
    if (constraint.empty()) return;
    EXPECT_EQ(answer.at("/error/details/0/constraint"), constraint) << answer.body;
}

void expect_raised(const Answer& answer, int status, const std::string& code) {
    EXPECT_EQ(answer.status, status) << answer.body;
    EXPECT_EQ(answer.code, code) << answer.body;
}

void expect_status(const Answer& answer, std::initializer_list<int> statuses) {
    EXPECT_NE(std::find(statuses.begin(), statuses.end(), answer.status), statuses.end())
        << answer.status << " " << answer.body;
}

}  // namespace eryxon::http_test
