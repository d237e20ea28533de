// Signatures: the example of the Standard Webhooks specification, RFC 4231, and keys that are none.
#include "gateway/base/signing.hpp"

#include <gtest/gtest.h>
#include <stdexcept>

namespace eryxon::gateway {
namespace {

constexpr const char* example_secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

TEST(Signing, EqualsTheExampleOfStandardWebhooks) {
    EXPECT_EQ(webhook_signature({secret_key(example_secret)}, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330,
                                R"({"test": 2432232314})"),
              "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST(Signing, SignsWithEverySecretInForce) {
    std::string const key = secret_key(example_secret), other = secret_key("whsec_AAECAwQFBgcICQoLDA0ODw==");
    std::string const both = webhook_signature({key, other}, "msg_1", 1, "{}");
    EXPECT_EQ(both, webhook_signature({key}, "msg_1", 1, "{}") + ' ' + webhook_signature({other}, "msg_1", 1, "{}"));
}

// Test cases 1 and 2 of RFC 4231.
TEST(Signing, EqualsRfc4231) {
    EXPECT_EQ(eryxon_signature(std::string(20, '\x0b'), "Hi There"),
              "sha256=b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    EXPECT_EQ(eryxon_signature("Jefe", "what do ya want for nothing?"),
              "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(Signing, WritesAndReadsBase64) {
    using namespace std::string_literals;
    EXPECT_EQ(base64(""), "");
    EXPECT_EQ(base64("f"), "Zg==");
    EXPECT_EQ(base64("fo"), "Zm8=");
    EXPECT_EQ(base64("foo"), "Zm9v");
    EXPECT_EQ(base64("\0\xff"s), "AP8=");
    EXPECT_EQ(secret_key("whsec_Zg=="), "f");
    EXPECT_EQ(secret_key("whsec_Zm8="), "fo");
    EXPECT_EQ(secret_key("whsec_AP8="), "\0\xff"s);
}

TEST(Signing, RefusesASecretWithoutRepeatingIt) {
    for (const char* wrong :
         {"", "whsec_", "Zm9v", "whsec_Zm9", "whsec_Zm9*", "whsec_====", "whsec_=m9v", "whsk_Zm9v"}) {
        try {
            secret_key(wrong);
            ADD_FAILURE() << wrong;
        } catch (const std::invalid_argument& error) {
            EXPECT_EQ(std::string(error.what()).find("Zm9"), std::string::npos);
        }
    }
}

}  // namespace
}  // namespace eryxon::gateway
