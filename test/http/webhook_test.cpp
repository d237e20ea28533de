// Webhooks by PostgREST's statements: who may administer them, the secret that is shown once, and their logs.
#include "fixture.hpp"

namespace eryxon::http_test {
namespace {

const std::string hook = R"({"url":"https://erp.example.com/hook","events":["job.*"],"description":"SAP"})";

class WebhookTest : public HttpTest {
protected:
    void SetUp() override {
        HttpTest::SetUp();
        admin().run("DELETE FROM eryxon.webhook");
    }
    // A request of a role that may administer webhooks.
    static Request planner(Request request, const std::string& tenant = tenant_a) {
        request.role = "shop_planner";
        request.claims = claims_of(tenant, "shop_planner");
        return request;
    }
    static Answer create() { return rest().call(planner(request("api-webhooks-create", hook))); }
    static Answer change(const std::string& id, const std::string& changes) {
        return rest().call(
            planner(request("api-webhooks-update", "{\"id\":\"" + id + "\",\"changes\":" + changes + "}")));
    }
};

TEST_F(WebhookTest, ShowsTheSecretOnce) {
    const Answer made = create();
    expect_success(made, 201);
    EXPECT_TRUE(made.at("/data/secret").starts_with("whsec_")) << made.body;
    EXPECT_EQ(count("eryxon.webhook_secret", "secret = '" + made.at("/data/secret") + "'"), 1);
    const Answer list = rest().call(planner(query("api-webhooks-list", {})));
    expect_success(list);
    EXPECT_EQ(list.at("/data/webhooks/0/id"), made.at("/data/id"));
    EXPECT_EQ(list.body.find("secret"), std::string::npos) << list.body;
}

TEST_F(WebhookTest, IsChangedAndDeletedByItsId) {
    const std::string id = create().at("/data/id");
    const Answer changed = change(id, R"({"enabled":false,"description":null})");
    expect_success(changed);
    EXPECT_EQ(changed.at("/data/webhook/enabled"), "false");
    EXPECT_EQ(changed.at("/data/webhook/disabled_reason"), "manual");
    EXPECT_EQ(changed.at("/data/webhook/url"), "https://erp.example.com/hook");
    expect_failure(change(id, R"({"tenant_id":"x"})"), 400, "BAD_REQUEST", "INVALID_OPTION");
    expect_failure(change(nobody, "{}"), 404, "NOT_FOUND", "NOT_FOUND");
    const Answer gone = rest().call(planner(request("api-webhooks-delete", "{\"id\":\"" + id + "\"}")));
    expect_success(gone);
    EXPECT_EQ(count("eryxon.webhook"), 0);
}

TEST_F(WebhookTest, NeedsARightThatAnApiRoleHasNot) {
    const std::string id = create().at("/data/id");
    expect_failure(call("api-webhooks-create", hook), 403, "FORBIDDEN");
    expect_failure(get("api-webhooks-list", {}), 403, "FORBIDDEN");
    expect_failure(get("api-webhook-logs-list", {}), 403, "FORBIDDEN");
    expect_failure(call("api-webhooks-delete", "{\"id\":\"" + id + "\"}"), 403, "FORBIDDEN");
    expect_failure(rest().call(bare("api-webhooks-create", hook)), 401, "UNAUTHORIZED");
    EXPECT_EQ(count("eryxon.webhook"), 1);
}

TEST_F(WebhookTest, IsOutOfReachOfOtherTenants) {
    const std::string id = create().at("/data/id");
    const Answer list = rest().call(planner(query("api-webhooks-list", {}, tenant_b), tenant_b));
    EXPECT_EQ(list.at("/data/webhooks/0"), "(none)") << list.body;
    expect_failure(rest().call(planner(query("api-webhooks-list", {{"id", id}}, tenant_b), tenant_b)), 404,
                   "NOT_FOUND");
    expect_failure(rest().call(planner(request("api-webhooks-delete", "{\"id\":\"" + id + "\"}"), tenant_b)), 404,
                   "NOT_FOUND");
    EXPECT_EQ(count("eryxon.webhook"), 1);
}

TEST_F(WebhookTest, LogsItsDeliveries) {
    const std::string id = create().at("/data/id");
    admin().run("SELECT eryxon_webhook_test('" + id + "')");
    admin().run(
        "SELECT eryxon.finish_deliveries('r', (SELECT json_agg(json_build_object('delivery', delivery, 'attempt', 1, "
        "'status', 503, 'response', 'busy'))::jsonb FROM eryxon.claim_deliveries('r', 9, '1 minute')))");
    const Answer logs = rest().call(
        planner(query("api-webhook-logs-list", {{"webhook_id", id}, {"status", "pending"}, {"max_rows", "5"}})));
    expect_success(logs);
    EXPECT_EQ(logs.at("/data/pagination/total"), "1");
    EXPECT_EQ(logs.at("/data/deliveries/0/type"), "webhook.test");
    EXPECT_EQ(logs.at("/data/deliveries/0/attempts/0/status"), "503");
    EXPECT_EQ(logs.at("/data/deliveries/0/attempts/0/response"), "busy");
    expect_raised(rest().call(planner(query("api-webhook-logs-list", {{"webhook_id", "17"}}))), 400, "22P02");
    expect_failure(rest().call(planner(query("api-webhook-logs-list", {{"max_rows", "0"}}))), 400, "BAD_REQUEST");
}

TEST_F(WebhookTest, RefusesWhatIsNoWebhook) {
    for (const char* body :
         {"7", "[]", "null", "{}", R"({"url":"https://a.example"})", R"({"events":["*"]})",
          R"({"url":"https://a.example","events":"*"})", R"({"url":"http://a.example","events":["*"]})",
          R"({"url":"https://a.example","events":[7]})", R"({"url":"https://a.example","events":["*"],"x":1})"})
        expect_failure(rest().call(planner(request("api-webhooks-create", body))), 400, "BAD_REQUEST");
    EXPECT_EQ(count("eryxon.webhook"), 0);
}

}  // namespace
}  // namespace eryxon::http_test
