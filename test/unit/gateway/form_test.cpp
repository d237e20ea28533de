// Arguments that come as a form, and the mark on raised errors by which a proxy tells them from answers.
#include "gateway/api/query.hpp"
#include "gateway/base/failure.hpp"

#include <gtest/gtest.h>

using namespace eryxon::gateway;

namespace {

std::string form(std::string_view text) {
    return arguments_json(form_arguments(parse_query(text).value()));
}

// The value of the header, or nothing.
std::string value_of(const Response& response, std::string_view name) {
    for (const Header& header : response.headers)
        if (header.name == name) return header.value;
    return {};
}

}  // namespace

TEST(Form, DecodesEveryCharacter) {
    EXPECT_EQ(form("external_id=SO%2F1+%22%C3%BC%22%5C%26&status=eq.1"),
              "{\"external_id\":\"SO/1 \\\"\xC3\xBC\\\"\\\\&\",\"status\":\"eq.1\"}");
}

TEST(Form, ReservesNoName) {
    EXPECT_EQ(form("limit=1&columns=_"), R"({"limit":"1","columns":"_"})");
}

TEST(Form, TakesTheLastOfRepeatedFields) {
    EXPECT_EQ(form("id=1&hard=true&id=2"), R"({"id":"2","hard":"true"})");
}

TEST(Form, OfNothingIsEmpty) {
    EXPECT_EQ(form(""), "{}");
}

TEST(Failure, IsMarkedOnRpcOnly) {
    Failure const failure = not_found("gone");
    EXPECT_EQ(value_of(to_response(failure, Style::rpc), "Proxy-Status"), "eryxon-gateway; error=NOT_FOUND");
    EXPECT_EQ(value_of(to_response(failure, Style::route), "Proxy-Status"), "");
}

TEST(Failure, KeepsLineBreaksOfACodeOutOfHeaders) {
    Failure failure = not_found("gone");
    failure.code = "a\r\nX: y";
    EXPECT_EQ(value_of(to_response(failure, Style::rpc), "Proxy-Status"), "");
}
