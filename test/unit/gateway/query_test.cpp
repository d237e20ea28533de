// Query strings and the arguments made of them, and the functions that take them.
#include "gateway/api/query.hpp"
#include "gateway/api/matching.hpp"
#include "gateway/base/failure.hpp"

#include <gtest/gtest.h>

namespace eryxon::gateway {
namespace {

std::string json(std::string_view query) {
    auto const parameters = parse_query(query);
    return parameters ? arguments_json(*parameters) : "malformed";
}

TEST(Query, IsTakenApart) {
    EXPECT_EQ(json(""), "{}");
    EXPECT_EQ(json("a=1&b=&c&&d=e=f"), R"({"a":"1","b":"","c":"","d":"e=f"})");
    EXPECT_EQ(json("a=%41+b%2B&%C3%A4=%22"), R"({"a":"A b+","ä":"\""})");
    for (const char* query : {"a=%", "a=%4", "a=%4g", "a=%00", "a=%ff", "%c3=1", "a=%C3"})
        EXPECT_EQ(json(query), "malformed") << query;
}

std::string route(Endpoint endpoint, std::string_view query) {
    return arguments_json(route_arguments(endpoint, *parse_query(query)));
}

TEST(Query, RoutesTakeOnlyTheirOwnParameters) {
    EXPECT_EQ(route(Endpoint::list, "sort=name&order=desc&limit=5&offset=1"),
              R"({"sort_by":"name","sort_order":"desc","max_rows":"5","skip_rows":"1"})");
    EXPECT_EQ(route(Endpoint::remove, "id=1&hard=false&force=true"), R"({"id":"1","hard":"false","force":"true"})");
    EXPECT_EQ(route(Endpoint::status, "entity_type=jobs&limit=2"), R"({"entity_type":"jobs","max_rows":"2"})");
    EXPECT_EQ(route(Endpoint::changes, "since=a&entity_type=jobs&source=S&exclude_source=T&limit=2"),
              R"({"since":"a","entity_type":"jobs","source":"S","exclude_source":"T","max_rows":"2"})");
    EXPECT_EQ(route(Endpoint::webhook_update, "id=1"), R"({"id":"1"})");
    EXPECT_EQ(route(Endpoint::import_file, "children=replace&max_errors=5"),
              R"({"children":"replace","max_errors":"5"})");
    EXPECT_THROW(route(Endpoint::import_file, "record_history=false"), Failure);
    EXPECT_EQ(route(Endpoint::webhook_logs, "webhook_id=1&status=dead&limit=2&offset=3"),
              R"({"webhook_id":"1","status":"dead","max_rows":"2","skip_rows":"3"})");
    EXPECT_THROW(route(Endpoint::webhook_update, "changes=x"), Failure);
    EXPECT_THROW(route(Endpoint::webhook_create, "id=x"), Failure);
    EXPECT_EQ(route(Endpoint::list, "job_id=1&limit=2&customer=A%22"),
              R"({"max_rows":"2","filters":"{\"job_id\":\"1\",\"customer\":\"A\\\"\"}"})");
    EXPECT_THROW(route(Endpoint::list, "customer=a&customer=b"), Failure);
    EXPECT_THROW(route(Endpoint::list, "status=a&status=b"), Failure);
    EXPECT_THROW(route(Endpoint::remove, "search=x"), Failure);
    EXPECT_THROW(route(Endpoint::sync, "id=x"), Failure);
}

TEST(Query, RpcLeavesReservedNamesOutAndTakesTheLastOfEqualOnes) {
    EXPECT_EQ(arguments_json(rpc_arguments(*parse_query("select=*&a=1&b=2&a=3&limit=1&order=x&columns=y"))),
              R"({"a":"3","b":"2"})");
}

std::vector<Function> functions() {
    Function named;
    named.name = "f";
    named.arguments = {{"a", "integer", true}, {"b", "integer", false}};
    return {named};
}

TEST(Matching, GoesByTheNamesOfArguments) {
    std::vector<Function> const known = functions();
    Match const match = match_function(known, {{"b", "a"}, false});
    ASSERT_EQ(match.function, known.data());
    ASSERT_EQ(match.arguments.size(), 2U);
    EXPECT_EQ(match.arguments[0]->name, "a");
    EXPECT_EQ(match_function(known, {{"a"}, true}).arguments.size(), 1U);
    EXPECT_EQ(match_function(known, {{"b"}, true}).function, nullptr);
    EXPECT_EQ(match_function(known, {{"a", "c"}, true}).function, nullptr);
    EXPECT_EQ(match_function({}, {{"a"}, true}).function, nullptr);
}

TEST(Matching, GivesADocumentToTheFunctionThatTakesOne) {
    std::vector<Function> known(1);
    known.front().document_type = "json";
    known.front().arguments = {{"", "json", true}};
    EXPECT_EQ(match_function(known, {{}, true}).function, known.data());
    EXPECT_EQ(match_function(known, {{}, false}).function, nullptr);
    known.push_back(functions().front());
    EXPECT_EQ(match_function(known, {{"a"}, true}).function, &known[1]);
    EXPECT_EQ(match_function(known, {{"x"}, true}).function, &known[0]);
    known.push_back(functions().front());
    EXPECT_THROW(match_function(known, {{"a"}, true}), Failure);
}

TEST(Matching, SaysWhatWasLookedFor) {
    Failure const failure = no_function("s", "f", {{"a", "b"}, true});
    EXPECT_EQ(failure.status, 404U);
    EXPECT_EQ(failure.code, "PGRST202");
    EXPECT_EQ(failure.message, "Could not find the function s.f(a, b) in the schema cache");
}

TEST(Catalog, IsReadFromTheDatabasesAnswer) {
    Catalog const catalog(R"({"functions":[
        {"name":"f","volatility":"s","returns_set":false,"returns_row":false,"returns_void":false,"returns_json":true,"arguments":[{"name":"a","type":"uuid","required":true}]},
        {"name":"g","volatility":"v","returns_set":true,"returns_row":true,"returns_void":false,"returns_json":true,"arguments":[{"name":"","type":"json","required":true}]},
        {"name":"h","volatility":"v","returns_set":false,"returns_row":false,"returns_void":true,"returns_json":false,"arguments":[{"name":"","type":"integer","required":true}]}],
        "settings":[{"role":"r","name":"work_mem","value":"7MB"}]})");
    ASSERT_EQ(catalog.find("f").size(), 1U);
    EXPECT_FALSE(catalog.find("f").front().is_volatile);
    EXPECT_EQ(catalog.find("f").front().arguments.front().type, "uuid");
    EXPECT_EQ(catalog.find("g").front().document_type, "json");
    EXPECT_EQ(catalog.find("g").front().returns, Returns::rows);
    EXPECT_TRUE(catalog.find("h").empty());
    ASSERT_EQ(catalog.settings("r").size(), 1U);
    EXPECT_TRUE(catalog.settings("x").empty());
}

}  // namespace
}  // namespace eryxon::gateway
