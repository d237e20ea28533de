// Errors of the database and their answers, in both styles.
#include "gateway/base/failure.hpp"
#include "gateway/base/response_settings.hpp"

#include <gtest/gtest.h>

namespace eryxon::gateway {
namespace {

unsigned status(const char* sqlstate, Style style) {
    return from_database({sqlstate, "m", "", ""}, style).status;
}

TEST(Failure, StatusFollowsTheSqlstate) {
    const struct {
        const char* sqlstate;
        unsigned route, rpc;
    } table[] = {
        {"22P02", 400, 400}, {"22021", 400, 400}, {"23502", 400, 400}, {"23503", 409, 409}, {"23505", 409, 409},
        {"23001", 409, 400}, {"23P01", 409, 400}, {"42501", 403, 403}, {"42883", 404, 404}, {"42P01", 503, 404},
        {"42703", 500, 400}, {"25006", 500, 405}, {"40001", 503, 500}, {"40P01", 503, 500}, {"55P03", 503, 500},
        {"53300", 503, 503}, {"53400", 503, 500}, {"57014", 504, 500}, {"57P01", 503, 503}, {"57P03", 503, 503},
        {"54001", 400, 400}, {"21000", 500, 500}, {"XX000", 500, 500}, {"P0001", 400, 400}, {"P0002", 404, 500},
        {"08006", 503, 503}, {"28000", 403, 403}, {"55006", 409, 500}, {"PT404", 404, 404}, {"PT503", 503, 503},
        {"PT999", 500, 400}, {"PTabc", 500, 400}, {"", 500, 400},
    };
    for (auto const& row : table) {
        EXPECT_EQ(status(row.sqlstate, Style::route), row.route) << row.sqlstate;
        EXPECT_EQ(status(row.sqlstate, Style::rpc), row.rpc) << row.sqlstate;
    }
}

TEST(Failure, ServerErrorsKeepTheDatabasesWordsInTheLog) {
    for (Style const style : {Style::route, Style::rpc}) {
        Failure const failure = from_database({"XX000", "secret table", "a key", "a tip"}, style);
        EXPECT_EQ(failure.log, "SQLSTATE XX000: secret table");
        Response const response = to_response(failure, style);
        for (const char* word : {"secret", "a key", "a tip"})
            EXPECT_EQ(response.body.find(word), std::string::npos) << response.body;
    }
    EXPECT_TRUE(to_response(from_database({"40001", "", "", ""}, Style::route), Style::route).has("retry-after"));
}

TEST(Failure, HasTheShapeOfItsStyle) {
    DatabaseError const error{"23505", "a \"b\"", "Key exists", "Try"};
    EXPECT_EQ(
        to_response(from_database(error, Style::route), Style::route).body,
        R"({"success":false,"error":{"code":"CONFLICT","message":"a \"b\". Try","details":[{"message":"Key exists"}],"statusCode":409}})");
    EXPECT_EQ(to_response(from_database(error, Style::rpc), Style::rpc).body,
              R"({"code":"23505","details":"Key exists","hint":"Try","message":"a \"b\""})");
    EXPECT_EQ(
        to_response(from_database({"22023", "m", R"([{"path":"x"}])", ""}, Style::route), Style::route).body,
        R"({"success":false,"error":{"code":"BAD_REQUEST","message":"m","details":[{"path":"x"}],"statusCode":400}})");
    EXPECT_EQ(
        to_response(from_database({"22023", "m", "[not json", ""}, Style::route), Style::route).body,
        R"({"success":false,"error":{"code":"BAD_REQUEST","message":"m","details":[{"message":"[not json"}],"statusCode":400}})");
}

TEST(Failure, FunctionsCanSayAllThemselves) {
    DatabaseError error{
        "PGRST", R"({"code":"UNAUTHORIZED","message":"no key","details":null,"hint":"ask"})",
        R"({"status":401,"headers":{"WWW-Authenticate":"Bearer","X-Bad\r\n":"x","Content-Length":"9"}})", ""};
    Response const response = to_response(from_database(error, Style::rpc), Style::rpc);
    EXPECT_EQ(response.status, 401U);
    EXPECT_EQ(response.body, R"({"code":"UNAUTHORIZED","details":null,"hint":"ask","message":"no key"})");
    ASSERT_EQ(response.headers.size(), 2U);
    EXPECT_EQ(response.headers.front().name, "WWW-Authenticate");
    EXPECT_EQ(response.headers.back().name, "Proxy-Status");
    for (const char* detail : {"", "{}", R"({"status":"401"})", R"({"status":99})", R"({"status":4010})", "[1]"}) {
        error.detail = detail;
        EXPECT_EQ(from_database(error, Style::rpc).status, 500U) << detail;
    }
}

TEST(ResponseSettings, TakeAStatusOfThreeLeadingDigits) {
    EXPECT_EQ(parse_status("201"), 201U);
    EXPECT_EQ(parse_status("404 Not Found"), 404U);
    for (const char* text : {"", "abc", "99", "2010", "100", "600", "-200", " 200", "20"})
        EXPECT_EQ(parse_status(text), std::nullopt) << text;
}

TEST(ResponseSettings, TakeHeadersThatCannotBreakOut) {
    std::vector<Header> headers;
    EXPECT_TRUE(parse_response_headers(R"([{"X-A":"1"},{"Set-Cookie":"a=b; Path=/"},{"Set-Cookie":"c=d"}])", headers));
    EXPECT_EQ(headers.size(), 3U);
    EXPECT_TRUE(parse_response_headers(R"([{"content-length":"1"},{"Transfer-Encoding":"x"},{"Connection":"close"}])",
                                       headers));
    EXPECT_EQ(headers.size(), 3U);
    for (const char* json :
         {"", "{}", "[1]", R"([{"a":1}])", R"([{"a":"b","c":"d"}])", "[{}]", R"([{"a b":"c"}])", R"([{"":"c"}])",
          R"([{"a":"b\r\nc: d"}])", R"([{"a":"b\nc"}])", R"([{"a:":"b"}])", R"([{"a":"\u007f"}])"})
        EXPECT_FALSE(parse_response_headers(json, headers)) << json;
}

}  // namespace
}  // namespace eryxon::gateway
