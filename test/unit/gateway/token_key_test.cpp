// Keys of tokens: the kinds, sets, who is chosen, what is refused.
#include "gateway/api/token.hpp"
#include "gateway/base/json_web_key.hpp"

#include "token_maker.hpp"

#include <gtest/gtest.h>

namespace eryxon::gateway {
namespace {

// The fault that a token is refused with; empty if it is accepted.
std::string fault(const TokenKeys& keys, const std::string& token) {
    Config config;
    config.jwt_keys = keys;
    TokenChecker checker(config);
    try {
        checker.check(token, 1800000000);
        return "";
    } catch (const TokenFault& fault) {
        return fault.message;
    }
}

std::string refusal(const std::string& text, KeyKind kind) {
    try {
        read_key_set(text, kind);
        return "";
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
}

std::string header(const std::string& algorithm, const std::string& more = "") {
    return R"({"alg":")" + algorithm + '"' + more + '}';
}

std::string set_of(const std::vector<std::string>& keys) {
    std::string out = R"({"keys":[)";
    for (const std::string& key : keys)
        out.append(out.back() == '[' ? "" : ",").append(key);
    return out + "]}";
}

const std::string wrong_signature = "The token's signature is not valid";
const std::string unknown_id = "The token's key (kid) is not known";

TEST(TokenKey, OfEachKindVerifiesItsOwnAlgorithmAndNoOther) {
    Signer const rsa = Signer::rsa(), ec = Signer::ec(), ed = Signer::ed25519();
    struct Case {
        const Signer& signer;
        std::string algorithm;
    };
    for (const Case& one : {Case{rsa, "RS256"}, Case{ec, "ES256"}, Case{ed, "EdDSA"}}) {
        TokenKeys const keys = read_key_set(one.signer.jwk(), KeyKind::open);
        EXPECT_EQ(keys.at(0).algorithm(), one.algorithm);
        EXPECT_EQ(fault(keys, one.signer.sign(header(one.algorithm), "{}")), "");
        std::string changed = one.signer.sign(header(one.algorithm), "{}");
        changed[changed.size() - 20] = changed[changed.size() - 20] == 'A' ? 'B' : 'A';
        EXPECT_EQ(fault(keys, changed), wrong_signature);
        for (const char* other : {"HS256", "RS256", "ES256", "EdDSA", "none", "PS256", "ES384", ""})
            if (other != one.algorithm) {
                EXPECT_NE(fault(keys, one.signer.sign(header(other), "{}")), "") << other;
                EXPECT_NE(fault(keys, sign_hs256(header(other), "{}", one.signer.public_pem())), "") << other;
            }
    }
}

TEST(TokenKey, TakesEs256SignaturesOfTheirLengthOnly) {
    Signer const ec = Signer::ec();
    TokenKeys const keys = read_key_set(ec.jwk(), KeyKind::open);
    std::string const token = ec.sign(header("ES256"), "{}");
    std::string const text = token.substr(0, token.rfind('.') + 1);
    EXPECT_EQ(fault(keys, text), wrong_signature);
    EXPECT_EQ(fault(keys, text + part(std::string(64, '\0'))), wrong_signature);
    EXPECT_EQ(fault(keys, token + part("abc")), wrong_signature);
    EXPECT_EQ(fault(keys, token.substr(0, token.size() - 2)), wrong_signature);
}

TEST(TokenKey, IsChosenByItsId) {
    Signer const first = Signer::ec(), second = Signer::ec(), other = Signer::ec();
    TokenKeys const keys =
        read_key_set(set_of({first.jwk(R"(,"kid":"1")"), second.jwk(R"(,"kid":"2")")}), KeyKind::open);
    EXPECT_EQ(fault(keys, first.sign(header("ES256", R"(,"kid":"1")"), "{}")), "");
    EXPECT_EQ(fault(keys, second.sign(header("ES256", R"(,"kid":"2")"), "{}")), "");
    EXPECT_EQ(fault(keys, second.sign(header("ES256"), "{}")), "");
    EXPECT_EQ(fault(keys, other.sign(header("ES256"), "{}")), wrong_signature);
    EXPECT_EQ(fault(keys, second.sign(header("ES256", R"(,"kid":"1")"), "{}")), wrong_signature);
    EXPECT_EQ(fault(keys, second.sign(header("ES256", R"(,"kid":"3")"), "{}")), unknown_id);
    EXPECT_EQ(fault(keys, second.sign(header("ES256", R"(,"kid":3)"), "{}")), "The token's kid is no text");
}

TEST(TokenKey, WithoutAnIdServesTokensThatNameOne) {
    Signer const named = Signer::ec(), nameless = Signer::ec();
    TokenKeys const keys = read_key_set(set_of({named.jwk(R"(,"kid":"1")"), nameless.jwk()}), KeyKind::open);
    EXPECT_EQ(fault(keys, nameless.sign(header("ES256", R"(,"kid":"7")"), "{}")), "");
    EXPECT_EQ(fault(keys, named.sign(header("ES256", R"(,"kid":"7")"), "{}")), wrong_signature);
}

TEST(TokenKey, OfASetThatCannotBeUsedIsLeftOut) {
    Signer const ec = Signer::ec(), rsa = Signer::rsa(), short_rsa = Signer::rsa(1024);
    std::string const off_curve = R"({"kty":"EC","crv":"P-256","x":")" + part(std::string(32, 'x')) + R"(","y":")" +
                                  part(std::string(32, 'y')) + "\"}";
    for (const std::string& useless :
         {rsa.jwk(R"(,"use":"enc")"), rsa.jwk(R"(,"alg":"RSA-OAEP")"), rsa.jwk(R"(,"alg":"HS256")"),
          rsa.jwk(R"(,"key_ops":["encrypt"])"), short_rsa.jwk(), off_curve, std::string(R"({"kty":"new"})"),
          std::string(R"({"kty":"EC","crv":"P-384","x":"AAAA","y":"AAAA"})"),
          std::string(R"({"kty":"RSA","n":"AQAB"})"), std::string(R"({"kty":"OKP","crv":"Ed25519","x":"AAAA"})"),
          std::string("7"), std::string("{}")}) {
        EXPECT_EQ(
            read_key_set(set_of({useless, ec.jwk(R"(,"use":"sig","key_ops":["verify"],"alg":"ES256")")}), KeyKind::open)
                .size(),
            1U)
            << useless;
        EXPECT_NE(refusal(set_of({useless}), KeyKind::open), "") << useless;
    }
    EXPECT_NE(refusal(set_of({}), KeyKind::open), "");
    EXPECT_NE(refusal(R"({"keys":7})", KeyKind::open), "");
}

TEST(TokenKey, OfTheWrongKindRefusesTheWholeSet) {
    Signer const ec = Signer::ec();
    std::string const oct = R"({"kty":"oct","kid":"s","k":")" + part(secret) + "\"}";
    EXPECT_EQ(fault(read_key_set(oct, KeyKind::secret), sign_hs256(header("HS256", R"(,"kid":"s")"), "{}", secret)),
              "");
    EXPECT_NE(refusal(set_of({ec.jwk(), oct}), KeyKind::open), "");
    EXPECT_NE(refusal(set_of({oct, ec.jwk()}), KeyKind::secret), "");
    EXPECT_NE(refusal(ec.jwk(R"(,"d":"AAAA")"), KeyKind::open), "");
    EXPECT_NE(refusal(R"({"kty":"oct","k":"AAAA"})", KeyKind::secret), "");
}

TEST(TokenKey, IsRefusedForEachCauseInItsOwnWords) {
    TokenKeys const keys = {TokenKey::from_secret(secret)};
    EXPECT_EQ(fault({}, hs256("{}")), "Tokens are not accepted here");
    EXPECT_EQ(fault(keys, "a.b.c.d.e"), "Encrypted tokens are not accepted");
    EXPECT_EQ(fault(keys, "a.b"), "The token is malformed");
    EXPECT_EQ(fault(keys, sign_hs256(header("ES256"), "{}", secret)),
              "The token's algorithm is not accepted; there are keys for HS256");
    EXPECT_EQ(fault(keys, sign_hs256(header("HS256", R"(,"typ":7)"), "{}", secret)), "The token's typ is no text");
    for (const char* type : {"JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt"})
        EXPECT_EQ(fault(keys, sign_hs256(header("HS256", R"(,"typ":")" + std::string(type) + '"'), "{}", secret)), "");
    for (const char* type : {"logout+jwt", "secevent+jwt", "JWE", "dpop+jwt"})
        EXPECT_EQ(fault(keys, sign_hs256(header("HS256", R"(,"typ":")" + std::string(type) + '"'), "{}", secret)),
                  "The token's type (typ) is neither JWT nor at+jwt");
}

TEST(TokenKey, ThatIsTakenAwayVerifiesNoMore) {
    Config config;
    config.jwt_keys = {TokenKey::from_secret(secret)};
    TokenChecker checker(config);
    EXPECT_NO_THROW(checker.check(hs256("{}"), 0));
    std::string const next = "the secret that takes its place later";
    checker.use({TokenKey::from_secret(secret), TokenKey::from_secret(next)});
    EXPECT_NO_THROW(checker.check(hs256("{}"), 0));
    EXPECT_NO_THROW(checker.check(hs256("{}", next), 0));
    checker.use({TokenKey::from_secret(next)});
    EXPECT_THROW(checker.check(hs256("{}"), 0), TokenFault);
    EXPECT_NO_THROW(checker.check(hs256("{}", next), 0));
}

}  // namespace
}  // namespace eryxon::gateway
