// Whose address counts behind proxies, trusted and others.
#include "gateway/api/forwarded.hpp"

#include <gtest/gtest.h>

namespace eryxon::gateway {
namespace {

std::vector<AddressRange> const trusted = {parse_range("10.0.0.0/8").value(), parse_range("fd00::/8").value()};

std::string client(const std::string& peer, std::vector<HeaderView> headers) {
    Request request;
    request.headers = std::move(headers);
    return client_address(request, peer, trusted);
}

TEST(Forwarded, CountsFromTrustedProxiesOnly) {
    EXPECT_EQ(client("192.0.2.7", {{"X-Forwarded-For", "198.51.100.1"}}), "192.0.2.7");
    EXPECT_EQ(client("192.0.2.7", {{"Forwarded", "for=198.51.100.1"}}), "192.0.2.7");
    EXPECT_EQ(client("10.0.0.1", {}), "10.0.0.1");
    EXPECT_EQ(client("10.0.0.1", {{"X-Forwarded-For", "198.51.100.1"}}), "198.51.100.1");
    EXPECT_EQ(client("fd00::1", {{"x-forwarded-for", "2001:db8::1"}}), "2001:db8::1");
    Request request;
    std::vector<HeaderView> const headers = {{"X-Forwarded-For", "198.51.100.1"}};
    request.headers = headers;
    EXPECT_EQ(client_address(request, "10.0.0.1", {}), "10.0.0.1");
}

TEST(Forwarded, IsTheLastAddressThatIsNoProxy) {
    EXPECT_EQ(client("10.0.0.1", {{"X-Forwarded-For", "203.0.113.9, 198.51.100.1, 10.0.0.2"}}), "198.51.100.1");
    EXPECT_EQ(client("10.0.0.1", {{"X-Forwarded-For", "203.0.113.9"}, {"X-Forwarded-For", "198.51.100.1 ,10.0.0.2"}}),
              "198.51.100.1");
    EXPECT_EQ(client("10.0.0.1", {{"X-Forwarded-For", "10.0.0.3,10.0.0.2"}}), "10.0.0.3");
    EXPECT_EQ(client("10.0.0.1", {{"X-Forwarded-For", "198.51.100.1, unknown, 10.0.0.2"}}), "10.0.0.2");
    for (const char* value : {"", "unknown", "x", "198.51.100.1,", "198.51.100.256", "1.2.3.4.5"})
        EXPECT_EQ(client("10.0.0.1", {{"X-Forwarded-For", value}}), "10.0.0.1") << value;
}

TEST(Forwarded, HasItsPairsQuotesAndPorts) {
    for (const char* value :
         {"for=198.51.100.1", "For=\"198.51.100.1:47011\"", "by=10.0.0.1; for=198.51.100.1;proto=https",
          "for=203.0.113.9, for=198.51.100.1", "for=_hidden, for=198.51.100.1", "for=198.51.100.1, for=10.0.0.2"})
        EXPECT_EQ(client("10.0.0.1", {{"Forwarded", value}}), "198.51.100.1") << value;
    for (const char* value : {"for=\"[2001:db8::1]:47011\"", "for=\"[2001:db8::1]\""})
        EXPECT_EQ(client("10.0.0.1", {{"Forwarded", value}}), "2001:db8::1") << value;
    for (const char* value :
         {"for=_hidden", "for=unknown", "proto=https", "for", "for=", "=", ";", "for=\"", "for=\"[\""})
        EXPECT_EQ(client("10.0.0.1", {{"Forwarded", value}}), "10.0.0.1") << value;
}

TEST(Forwarded, MustAgreeWhereBothHeadersAreThere) {
    EXPECT_EQ(client("10.0.0.1", {{"Forwarded", "for=198.51.100.1"}, {"X-Forwarded-For", "198.51.100.1"}}),
              "198.51.100.1");
    EXPECT_EQ(client("10.0.0.1", {{"Forwarded", "for=198.51.100.1"}, {"X-Forwarded-For", "203.0.113.9"}}), "10.0.0.1");
    EXPECT_EQ(client("10.0.0.1", {{"Forwarded", "for=_x"}, {"X-Forwarded-For", "203.0.113.9"}}), "10.0.0.1");
}

TEST(Forwarded, LimitsCountNetworksOfIpv6) {
    EXPECT_EQ(network_of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
    EXPECT_EQ(network_of("2001:db8:1:2:ffff::1"), "2001:db8:1:2::");
    for (const char* address : {"192.0.2.1", "unknown", ""})
        EXPECT_EQ(network_of(address), address);
    EXPECT_EQ(network_of("::ffff:192.0.2.1"), "::ffff:192.0.2.1");
}

}  // namespace
}  // namespace eryxon::gateway
