// The OpenAPI document: entities in it, and references that lead somewhere.
#include "gateway/api/openapi.hpp"

#include "core/json/json.hpp"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace eryxon::gateway
