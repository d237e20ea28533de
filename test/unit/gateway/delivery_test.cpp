// What a delivery becomes on the wire, and an attempt in JSON.
#include "gateway/relay/delivery.hpp"

#include "core/json/json.hpp"

#include <gtest/gtest.h>
#include <algorithm>
#include <array>

namespace eryxon::gateway {
namespace {

Delivery sample() {
    return {.id = "6b1f0a52-0000-4000-8000-000000000001",
            .webhook = "6b1f0a52-0000-4000-8000-000000000002",
            .url = "https://erp.example.com/hook?token=hidden",
            .secrets = {"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"},
            .message_id = "msg_p5jXN8AQM9LWM0D4loKWxJek",
            .type = "job.completed",
            .attempt = 3,
            .body = R"({"test": 2432232314})"};
}

TEST(Delivery, HasTheHeadersOfStandardWebhooks) {
    auto const headers = delivery_headers(sample(), 1614265330);
    auto const has = [&headers](const char* header) {
        return std::find(headers.begin(), headers.end(), header) != headers.end();
    };
    EXPECT_TRUE(has("Content-Type: application/json"));
    EXPECT_TRUE(has("User-Agent: eryxon-sync/" ERYXON_VERSION));
    EXPECT_TRUE(has("webhook-id: msg_p5jXN8AQM9LWM0D4loKWxJek"));
    EXPECT_TRUE(has("webhook-timestamp: 1614265330"));
    EXPECT_TRUE(has("webhook-signature: v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
    EXPECT_TRUE(has("X-Eryxon-Event: job.completed"));
}

TEST(Delivery, RefusesWhatNoHeaderCanHold) {
    Delivery delivery = sample();
    delivery.type = "job\r\nX-Injected: 1";
    EXPECT_THROW(delivery_headers(delivery, 1), std::invalid_argument);
    delivery = sample();
    delivery.message_id = "";
    EXPECT_THROW(delivery_headers(delivery, 1), std::invalid_argument);
    delivery = sample();
    delivery.secrets.clear();
    EXPECT_THROW(delivery_headers(delivery, 1), std::invalid_argument);
}

TEST(Delivery, AddsTheHeadersThatTheEndpointWants) {
    Delivery delivery = sample();
    delivery.headers = {"Authorization: Bearer never-shown", "X-Tenant: 7"};
    auto const headers = delivery_headers(delivery, 1);
    EXPECT_EQ(headers[headers.size() - 2], "Authorization: Bearer never-shown");
    EXPECT_EQ(headers.back(), "X-Tenant: 7");
    delivery.headers = {"X-Tenant: 7\r\nX-Injected: 1"};
    EXPECT_THROW(delivery_headers(delivery, 1), std::invalid_argument);
}

TEST(Delivery, CoversSecretsThatAnAnswerRepeats) {
    std::vector<std::string> const headers = {"Authorization: Bearer never-shown", "X-Tenant: 7"};
    EXPECT_EQ(without_secrets("got Bearer never-shown and never-shownnever-shown of 7", headers),
              "got *** and ****** of 7");
    EXPECT_EQ(without_secrets("fine", headers), "fine");
    EXPECT_EQ(without_secrets("", {"odd", "X-A: longer than the answer"}), "");
}

TEST(Delivery, ShowsNothingOfAUrlButItsHost) {
    EXPECT_EQ(host_of("https://user:pw@erp.example.com/hook?token=hidden#x"), "erp.example.com");
    EXPECT_EQ(host_of("http://[::1]:8080/a"), "[::1]:8080");
    EXPECT_EQ(host_of("no url at all?token=hidden"), "");
}

TEST(Attempt, BecomesJson) {
    std::array const attempts = {
        Attempt{.delivery = "a", .number = 1, .status = 503, .duration_ms = 12, .retry_after = 60, .response = "\"x\""},
        Attempt{.delivery = "b", .number = 2, .error = "no answer", .duration_ms = 15000, .interrupted = true}};
    EXPECT_EQ(
        attempts_json(attempts),
        R"([{"delivery":"a","attempt":1,"status":503,"error":null,"duration_ms":12,"retry_after":60,"response":"\"x\"",)"
        R"("interrupted":false},)"
        R"({"delivery":"b","attempt":2,"status":null,"error":"no answer","duration_ms":15000,"retry_after":null,)"
        R"("response":null,"interrupted":true}])");
    EXPECT_EQ(attempts_json({}), "[]");
}

// Bytes of an answer that jsonb cannot hold, also where the answer was cut within a character.
TEST(Attempt, CleansTheAnswer) {
    using namespace std::string_literals;
    const std::pair<std::string, std::string> cases[] = {{"a\0b"s,
                                                          "a\xef\xbf\xbd"
                                                          "b"},
                                                         {"\xc3\xa4\xc3", "\xc3\xa4\xef\xbf\xbd"},
                                                         {"\xff", "\xef\xbf\xbd"},
                                                         {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
                                                         {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
                                                         {"\x80z", "\xef\xbf\xbdz"}};
    for (auto const& [raw, clean] : cases) {
        std::array const attempts = {Attempt{.delivery = "a", .response = raw}};
        core::JsonArena arena;
        core::Json const parsed = core::parse_json(attempts_json(attempts), arena);
        EXPECT_EQ(parsed.items()[0].find("response")->text(), clean);
    }
}

}  // namespace
}  // namespace eryxon::gateway
