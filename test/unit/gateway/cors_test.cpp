// Which origins may call, and what they are told.
#include "gateway/api/cors.hpp"

#include <gtest/gtest.h>
#include <algorithm>

namespace eryxon::gateway {
namespace {

const std::vector<std::string> shop = {"https://app.example.com", "http://localhost:5173"};

// The value of the header; empty if there is none.
std::string value(const std::vector<Header>& headers, std::string_view name) {
    auto const found =
        std::find_if(headers.begin(), headers.end(), [&](const Header& header) { return header.name == name; });
    return found == headers.end() ? "" : found->value;
}

Request request(std::string_view method, std::vector<HeaderView> headers) {
    Request made;
    made.method = method;
    made.headers = std::move(headers);
    return made;
}

TEST(Cors, ReadsOriginsAsBrowsersWriteThem) {
    EXPECT_EQ(read_origin("https://App.Example.com"), "https://app.example.com");
    EXPECT_EQ(read_origin("https://app.example.com:443"), "https://app.example.com");
    EXPECT_EQ(read_origin("http://app.example.com:8080"), "http://app.example.com:8080");
    EXPECT_EQ(read_origin("capacitor://localhost"), "capacitor://localhost");
    EXPECT_EQ(read_origin("*"), "*");
    for (const char* text : {"", "app.example.com", "https://", "://x", "https://x/", "https://x/y", "https://*.x",
                             "null", "https://u@x", "https://x y"})
        EXPECT_EQ(read_origin(text), std::nullopt) << text;
}

TEST(Cors, TellsNothingWhereItIsOff) {
    Request const asking =
        request("OPTIONS", {{"Origin", "https://app.example.com"}, {"Access-Control-Request-Method", "PUT"}});
    EXPECT_TRUE(cors_headers(asking, {}).empty());
    EXPECT_FALSE(answer_preflight(asking, {}, "PUT"));
}

TEST(Cors, NamesTheOriginThatMayCall) {
    auto const told = [](std::string_view origin, const std::vector<std::string>& origins) {
        return value(cors_headers(request("GET", {{"origin", origin}}), origins), "Access-Control-Allow-Origin");
    };
    EXPECT_EQ(told("https://app.example.com", shop), "https://app.example.com");
    EXPECT_EQ(told("http://localhost:5173", shop), "http://localhost:5173");
    for (const char* other :
         {"http://app.example.com", "https://app.example.com.evil.example", "https://app.example.co", "null", "", "*"})
        EXPECT_EQ(told(other, shop), "") << other;
    EXPECT_EQ(told("null", {"*"}), "*");
    EXPECT_EQ(value(cors_headers(request("GET", {}), shop), "Vary"), "Origin");
    EXPECT_EQ(value(cors_headers(request("GET", {}), {"*"}), "Vary"), "");
    std::vector<HeaderView> const twice = {{"Origin", "https://app.example.com"},
                                           {"Origin", "https://app.example.com"}};
    EXPECT_EQ(value(cors_headers(request("GET", twice), shop), "Access-Control-Allow-Origin"), "");
}

TEST(Cors, AnswersBrowsersThatAsk) {
    std::vector<HeaderView> headers = {{"Origin", "https://app.example.com"},
                                       {"Access-Control-Request-Method", "PUT"},
                                       {"Access-Control-Request-Headers", "authorization, x-api-key"}};
    std::optional<Response> const answer = answer_preflight(request("OPTIONS", headers), shop, "PUT");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 204U);
    EXPECT_EQ(value(answer->headers, "Access-Control-Allow-Methods"), "PUT");
    EXPECT_EQ(value(answer->headers, "Access-Control-Allow-Headers"), "authorization, x-api-key");
    EXPECT_FALSE(answer_preflight(request("PUT", headers), shop, "PUT"));
    headers[2].value = "x\x01y";
    EXPECT_EQ(
        value(answer_preflight(request("OPTIONS", headers), shop, "PUT")->headers, "Access-Control-Allow-Headers"), "");
    headers[0].value = "https://evil.example";
    EXPECT_FALSE(answer_preflight(request("OPTIONS", headers), shop, "PUT"));
    EXPECT_FALSE(answer_preflight(request("OPTIONS", {{"Origin", "https://app.example.com"}}), shop, "PUT"));
}

}  // namespace
}  // namespace eryxon::gateway
