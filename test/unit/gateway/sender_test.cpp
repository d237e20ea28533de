// What libcurl does with hosts that mean a forbidden address in disguise: it never opens a socket to one.
#include "gateway/relay/sender.hpp"

#include <gtest/gtest.h>

namespace eryxon::gateway {
namespace {

// How a try to send to the URL ends.
Attempt send_to(const std::string& url, const RelayConfig& config) {
    Sender sender(config);
    sender.send({.id = "d",
                 .webhook = "w",
                 .url = url,
                 .secrets = {"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"},
                 .message_id = "msg_1",
                 .type = "job.created",
                 .attempt = 1,
                 .body = "{}"});
    while (sender.running() > 0)
        sender.wait(std::chrono::milliseconds(1000), {});
    return sender.take_finished().at(0).attempt;
}

RelayConfig lenient() {
    RelayConfig config;
    config.allow_http = true;
    return config;
}

TEST(Sender, RefusesHostsInEveryDisguise) {
    struct Case {
        const char* url;
        const char* address;
    };
    const Case cases[] = {{"http://127.0.0.1:9/", "127.0.0.1"},
                          {"http://2130706433/", "127.0.0.1"},
                          {"http://0x7f000001/", "127.0.0.1"},
                          {"http://017700000001/", "127.0.0.1"},
                          {"http://0x7f.1/", "127.0.0.1"},
                          {"http://127.1/", "127.0.0.1"},
                          {"http://0177.0.0.01/", "127.0.0.1"},
                          {"http://0/", "0.0.0.0"},
                          {"http://0.0.0.0/", "0.0.0.0"},
                          {"http://10.0.0.1/", "10.0.0.1"},
                          {"http://167772161/", "10.0.0.1"},
                          {"http://192.168.1/", "192.168.0.1"},
                          {"http://0xa9fea9fe/", "169.254.169.254"},
                          {"http://169.254.169.254/latest/meta-data/", "169.254.169.254"},
                          {"http://%31%32%37.0.0.1/", "127.0.0.1"},
                          {"http://user@127.0.0.1/", "127.0.0.1"},
                          {"http://8.8.8.8@127.0.0.1/", "127.0.0.1"},
                          {"http://[::1]/", "::1"},
                          {"http://[::]/", "::"},
                          {"http://[::ffff:127.0.0.1]/", "127.0.0.1"},
                          {"http://[::ffff:7f00:1]/", "127.0.0.1"},
                          {"http://[0:0:0:0:0:ffff:a00:1]/", "10.0.0.1"},
                          {"http://[64:ff9b::127.0.0.1]/", "64:ff9b::7f00:1"},
                          {"http://[fd00:ec2::254]/", "fd00:ec2::254"},
                          {"http://[fe80::1%25lo]/", "fe80::1"},
                          {"http://LocalHost/", ""},
                          {"http://x.localhost/", ""}};
    for (const Case& one : cases) {
        Attempt const attempt = send_to(one.url, lenient());
        EXPECT_EQ(attempt.status, std::nullopt) << one.url;
        std::string const error = attempt.error.value_or("");
        EXPECT_NE(error.find(std::string("address ") + one.address), std::string::npos) << one.url << ": " << error;
        EXPECT_NE(error.find(" is not allowed ("), std::string::npos) << one.url << ": " << error;
    }
}

// Whether the system's resolver knows these is its own affair; no answer comes from them.
TEST(Sender, GetsNoAnswerFromNamesWithADotAtTheirEnd) {
    for (const char* url : {"http://127.0.0.1./", "http://localhost./"})
        EXPECT_EQ(send_to(url, lenient()).status, std::nullopt) << url;
}

TEST(Sender, SpeaksNothingButHttp) {
    for (const char* url : {"file:///etc/passwd", "ftp://8.8.8.8/", "gopher://127.0.0.1:25/", "dict://127.0.0.1/",
                            "scp://127.0.0.1/", "no url", "", "http://", "http://[::1", "http://a b/"}) {
        Attempt const attempt = send_to(url, lenient());
        EXPECT_EQ(attempt.status, std::nullopt) << url;
        EXPECT_NE(attempt.error.value_or(""), "") << url;
    }
    EXPECT_NE(send_to("http://8.8.8.8/", {}).error.value_or("").find("not supported or disabled"), std::string::npos);
}

TEST(Sender, FinishesADeliveryThatCannotBegin) {
    RelayConfig const config;
    Sender sender(config);
    sender.send({.id = "d", .url = "https://8.8.8.8/", .secrets = {"whsec_?"}, .message_id = "m", .type = "t"});
    EXPECT_EQ(sender.running(), 0U);
    auto const finished = sender.take_finished();
    ASSERT_EQ(finished.size(), 1U);
    EXPECT_EQ(finished[0].attempt.error, "a secret of the webhook is not base64");
    EXPECT_EQ(sender.take_finished().size(), 0U);
}

}  // namespace
}  // namespace eryxon::gateway
