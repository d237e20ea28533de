// Status line and headers, and which responses have a body.
#include "gateway/server/response_head.hpp"

#include <gtest/gtest.h>

namespace eryxon::gateway {
namespace {

// The head of a response with that status and a body of two bytes.
std::string head(unsigned status) {
    return response_head({.status = status, .body = "{}"}, {.request_id = "r"}, "");
}

bool holds(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

TEST(ResponseHead, StatesTheLengthOfTheBody) {
    for (unsigned const status : {200U, 404U, 500U}) {
        EXPECT_TRUE(holds(head(status), "\r\nContent-Length: 2\r\n")) << status;
        EXPECT_TRUE(holds(head(status), "\r\nContent-Type: application/json")) << status;
    }
}

TEST(ResponseHead, HasNoLengthWhereNoBodyCanFollow) {
    for (unsigned const status : {204U, 304U}) {
        EXPECT_FALSE(holds(head(status), "Content-")) << status;
        EXPECT_EQ((Response{.status = status, .body = "{}"}.content()), "") << status;
    }
}

TEST(ResponseHead, SaysThatAnAnswer205IsEmpty) {
    EXPECT_TRUE(holds(head(205), "\r\nContent-Length: 0\r\n"));
    EXPECT_FALSE(holds(head(205), "Content-Type"));
    EXPECT_EQ((Response{.status = 205, .body = "{}"}.content()), "");
}

TEST(ResponseHead, ShowsTheRequestIdAndTheEndOfTheConnection) {
    EXPECT_TRUE(holds(head(200), "\r\nX-Request-Id: r\r\n"));
    EXPECT_FALSE(holds(head(200), "Connection"));
    EXPECT_TRUE(holds(response_head({}, {.request_id = "r"}, "close"), "\r\nConnection: close\r\n"));
}

}  // namespace
}  // namespace eryxon::gateway
