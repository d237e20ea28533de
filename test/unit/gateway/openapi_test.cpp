// The OpenAPI document: entities in it, and references that lead somewhere.
#include "gateway/api/openapi.hpp"

#include "core/json/json.hpp"
#include "gateway/api/endpoints.hpp"

#include <gtest/gtest.h>
#include <algorithm>
#include <map>
#include <set>
#include <string>

namespace eryxon::gateway {
namespace {

using core::Json;
using core::JsonMember;

// The value that a reference such as #/components/schemas/x points to.
const Json* resolve(const Json& document, std::string_view reference) {
    const Json* at = &document;
    reference.remove_prefix(2);
    while (at != nullptr && !reference.empty()) {
        std::string_view const name = reference.substr(0, reference.find('/'));
        reference.remove_prefix(std::min(name.size() + 1, reference.size()));
        at = at->find(name);
    }
    return at;
}

// Counts the references below a value; each must lead somewhere.
int check_references(const Json& document, const Json& value) {
    int count = 0;
    if (value.is_array())
        for (const Json& item : value.items())
            count += check_references(document, item);
    if (!value.is_object()) return count;
    for (const JsonMember& member : value.members()) {
        count += check_references(document, member.value);
        if (member.name != "$ref") continue;
        ++count;
        EXPECT_TRUE(member.value.text().starts_with("#/components/")) << member.value.text();
        EXPECT_NE(resolve(document, member.value.text()), nullptr) << member.value.text();
    }
    return count;
}

constexpr const char* entities = R"([{"entity":"jobs","schema":{"$schema":"x","type":"object","properties":{
    "job_number":{"type":"string"},"parts":{"type":"array","items":{"$ref":"#/$defs/parts"}}},
    "$defs":{"parts":{"type":"object","properties":{"operations":{"items":{"$ref":"#/$defs/operations"}}}},"operations":{"type":"object"}}}},
    {"entity":"error","schema":{"type":"object"}}])";

TEST(OpenApi, DescribesEachEntity) {
    core::JsonArena arena;
    Json const document = core::parse_json(write_openapi(entities, "/functions/v1"), arena);
    EXPECT_EQ(document.find("openapi")->text(), "3.1.0");
    EXPECT_EQ(document.find("servers")->items().front().find("url")->text(), "/functions/v1");
    for (const char* path :
         {"/api-jobs", "/api-jobs/sync", "/api-jobs/bulk-sync", "/api-error", "/api-erp-sync/sync",
          "/api-erp-sync/changes", "/api-webhooks", "/api-webhook-logs", "/api-jobs/import", "/api-error/rejected",
          "/api-keys", "/api-erp-sync/runs/{id}", "/rpc/{function}", "/healthz"})
        EXPECT_NE(document.find("paths")->find(path), nullptr) << path;
    const Json& schemas = *document.find("components")->find("schemas");
    EXPECT_NE(schemas.find("jobs")->find("properties")->find("job_number"), nullptr);
    EXPECT_EQ(schemas.find("jobs")->find("$defs"), nullptr);
    EXPECT_NE(schemas.find("answer.error")->find("required"), nullptr);
    EXPECT_NE(schemas.find("operations.nested"), nullptr);
}

TEST(OpenApi, HasNoReferenceThatLeadsNowhere) {
    core::JsonArena arena;
    Json const document = core::parse_json(write_openapi(entities, ""), arena);
    EXPECT_GT(check_references(document, document), 40);
}

using Endpoints = std::map<std::string, std::set<std::string>>;  // query parameters by "METHOD /path"

// The names of the parameters in the query string among those of a path or a method.
void add_parameters(const Json& document, const Json* parameters, std::set<std::string>& names) {
    if (parameters == nullptr) return;
    for (const Json& item : parameters->items()) {
        const Json* const reference = item.find("$ref");
        const Json& parameter = reference == nullptr ? item : *resolve(document, reference->text());
        if (parameter.find("in")->text() == "query") names.emplace(parameter.find("name")->text());
    }
}

Endpoints described_endpoints(const Json& document) {
    Endpoints endpoints;
    for (const JsonMember& path : document.find("paths")->members())
        for (const JsonMember& method : path.value.members()) {
            if (!path.name.starts_with("/api-") || method.name == "parameters") continue;
            std::string name(method.name);
            std::transform(name.begin(), name.end(), name.begin(), [](char c) { return static_cast<char>(c - 32); });
            std::set<std::string>& names = endpoints[name + ' ' + std::string(path.name)];
            add_parameters(document, path.value.find("parameters"), names);
            add_parameters(document, method.value.find("parameters"), names);
        }
    return endpoints;
}

Endpoints served_endpoints(const std::string& entity) {
    Endpoints endpoints;
    for (const EndpointRow& row : endpoint_rows()) {
        if (row.function.empty()) continue;
        std::string path(row.path);
        if (std::size_t const at = path.find("{entity}"); at != path.npos) path.replace(at, 8, entity);
        std::set<std::string>& names = endpoints[std::string(row.method) + ' ' + path];
        for (const QueryParameter& parameter : row.parameters)
            names.emplace(parameter.name);
        if (row.endpoint == Endpoint::list) names.emplace("filters");  // whatever is no other parameter
    }
    return endpoints;
}

TEST(OpenApi, DescribesTheEndpointsWithTheirParameters) {
    core::JsonArena arena;
    Json const document =
        core::parse_json(write_openapi(R"([{"entity":"jobs","schema":{"type":"object"}}])", ""), arena);
    Endpoints const described = described_endpoints(document), served = served_endpoints("jobs");
    for (auto const& [endpoint, parameters] : served) {
        auto const found = described.find(endpoint);
        ASSERT_NE(found, described.end()) << endpoint;
        EXPECT_EQ(found->second, parameters) << endpoint;
    }
    for (auto const& [endpoint, parameters] : described)
        EXPECT_TRUE(served.contains(endpoint)) << endpoint;
}

}  // namespace
}  // namespace eryxon::gateway
