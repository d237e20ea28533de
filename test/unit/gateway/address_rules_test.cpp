// Which addresses are refused, as what, and what the allow list changes.
#include "gateway/base/address_rules.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/un.h>

namespace eryxon::gateway {
namespace {

// What the rules say of an address, with the ranges allowed.
std::string_view refusal(const char* address, const std::vector<const char*>& allowed = {}) {
    std::vector<AddressRange> ranges;
    for (const char* range : allowed)
        ranges.push_back(parse_range(range).value());
    return AddressRules(ranges).refusal(parse_address(address).value());
}

TEST(AddressRules, RefuseWhatIsNotPublic) {
    struct Case {
        const char* address;
        const char* kind;
    };
    const Case cases[] = {{"0.0.0.0", "unspecified"},
                          {"0.1.2.3", "reserved"},
                          {"10.0.0.1", "private"},
                          {"10.255.255.255", "private"},
                          {"100.64.0.1", "shared"},
                          {"100.100.100.200", "shared"},
                          {"100.127.255.255", "shared"},
                          {"127.0.0.1", "loopback"},
                          {"127.255.255.254", "loopback"},
                          {"168.63.129.16", "metadata"},
                          {"169.254.0.1", "link-local"},
                          {"169.254.169.254", "metadata"},
                          {"172.16.0.1", "private"},
                          {"172.31.255.255", "private"},
                          {"192.0.0.192", "reserved"},
                          {"192.0.2.1", "documentation"},
                          {"192.88.99.1", "reserved"},
                          {"192.168.1.1", "private"},
                          {"198.18.0.1", "benchmark"},
                          {"198.19.255.255", "benchmark"},
                          {"198.51.100.7", "documentation"},
                          {"203.0.113.7", "documentation"},
                          {"224.0.0.1", "multicast"},
                          {"239.255.255.255", "multicast"},
                          {"240.0.0.1", "reserved"},
                          {"255.255.255.255", "reserved"},
                          {"::", "unspecified"},
                          {"::1", "loopback"},
                          {"::127.0.0.1", "reserved"},
                          {"::ffff:127.0.0.1", "loopback"},
                          {"::ffff:a9fe:a9fe", "metadata"},
                          {"::ffff:0:127.0.0.1", "reserved"},
                          {"64:ff9b::127.0.0.1", "loopback"},
                          {"64:ff9b::a9fe:a9fe", "metadata"},
                          {"64:ff9b::10.0.0.1", "private"},
                          {"64:ff9b:1::8.8.8.8", "reserved"},
                          {"100::1", "reserved"},
                          {"2001::7f00:1", "reserved"},
                          {"2001:2::1", "benchmark"},
                          {"2001:10::1", "reserved"},
                          {"2001:db8::1", "documentation"},
                          {"2002:7f00:1::", "reserved"},
                          {"2002:808:808::1", "reserved"},
                          {"2606:4700::5efe:127.0.0.1", "loopback"},
                          {"2606:4700::200:5efe:10.0.0.1", "private"},
                          {"3fff::1", "documentation"},
                          {"4000::1", "reserved"},
                          {"5f00::1", "reserved"},
                          {"fc00::1", "private"},
                          {"fd00:ec2::254", "metadata"},
                          {"fd20:ce::254", "metadata"},
                          {"fd12:3456::1", "private"},
                          {"fe80::1", "link-local"},
                          {"fe80::5efe:8.8.8.8", "link-local"},
                          {"febf::1", "link-local"},
                          {"fec0::1", "site-local"},
                          {"ff02::1", "multicast"}};
    for (const Case& one : cases)
        EXPECT_EQ(refusal(one.address), one.kind) << one.address;
}

TEST(AddressRules, LetPublicAddressesPass) {
    for (const char* address : {"1.1.1.1",
                                "8.8.8.8",
                                "9.255.255.255",
                                "11.0.0.0",
                                "93.184.216.34",
                                "100.63.255.255",
                                "100.128.0.0",
                                "126.255.255.255",
                                "128.0.0.1",
                                "169.253.255.255",
                                "172.15.255.255",
                                "172.32.0.0",
                                "192.167.255.255",
                                "198.17.255.255",
                                "198.20.0.0",
                                "223.255.255.255",
                                "::ffff:8.8.8.8",
                                "64:ff9b::8.8.8.8",
                                "2001:4860:4860::8888",
                                "2606:4700::1111",
                                "2606:4700::5efe:8.8.8.8",
                                "2a00:1450::1"})
        EXPECT_EQ(refusal(address), "") << address;
}

TEST(AddressRules, TheAllowListOpensWhatItNamesAndNothingElse) {
    EXPECT_EQ(refusal("127.0.0.1", {"127.0.0.0/8"}), "");
    EXPECT_EQ(refusal("::ffff:127.0.0.1", {"127.0.0.0/8"}), "");
    EXPECT_EQ(refusal("::1", {"127.0.0.0/8"}), "loopback");
    EXPECT_EQ(refusal("10.1.2.3", {"10.1.2.0/24", "::1"}), "");
    EXPECT_EQ(refusal("10.1.3.0", {"10.1.2.0/24", "::1"}), "private");
    EXPECT_EQ(refusal("::1", {"10.1.2.0/24", "::1"}), "");
    EXPECT_EQ(refusal("fd12::1", {"fd00::/8"}), "");
    EXPECT_EQ(refusal("64:ff9b::10.0.0.1", {"10.0.0.0/8"}), "");
    EXPECT_EQ(refusal("192.168.0.127", {"192.168.0.0/25"}), "");
    EXPECT_EQ(refusal("192.168.0.128", {"192.168.0.0/25"}), "private");
    EXPECT_EQ(refusal("192.168.0.1", {"0.0.0.0/0"}), "");
    EXPECT_EQ(refusal("fe80::1", {"0.0.0.0/0"}), "link-local");
}

TEST(AddressRules, SayWhyInASentence) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    inet_pton(AF_INET6, "::ffff:169.254.169.254", &v6.sin6_addr);
    sockaddr_un local{};
    local.sun_family = AF_UNIX;
    AddressRules const rules({});
    EXPECT_EQ(rules.refusal(reinterpret_cast<sockaddr*>(&v4)), "address 127.0.0.1 is not allowed (loopback)");
    EXPECT_EQ(rules.refusal(reinterpret_cast<sockaddr*>(&v6)), "address 169.254.169.254 is not allowed (metadata)");
    EXPECT_NE(rules.refusal(reinterpret_cast<sockaddr*>(&local)), "");
    v4.sin_addr.s_addr = htonl(0x08080808);
    EXPECT_EQ(rules.refusal(reinterpret_cast<sockaddr*>(&v4)), "");
}

TEST(AddressRange, IsReadFromText) {
    for (const char* good : {"10.0.0.0/8", "10.0.0.1", "0.0.0.0/0", "::/0", "fd00::/8", "::1", "1.2.3.4/32"})
        EXPECT_TRUE(parse_range(good)) << good;
    for (const char* wrong : {"", "10.0.0.0/33", "::/129", "10.0.0/8", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8x", "x/8",
                              "10.0.0.0/8/8", " 10.0.0.0/8", "localhost"})
        EXPECT_FALSE(parse_range(wrong)) << wrong;
}

}  // namespace
}  // namespace eryxon::gateway
