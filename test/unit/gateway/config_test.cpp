// Flags, environment, and what is refused.
#include "gateway/base/config.hpp"

#include "token_maker.hpp"

#include <gtest/gtest.h>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <vector>

namespace eryxon::gateway {
namespace {

// The command line `eryxon-gateway serve <arguments>`.
Command read(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"eryxon-gateway", "serve"});
    std::vector<char*> pointers;
    for (std::string& argument : arguments)
        pointers.push_back(argument.data());
    testing::internal::CaptureStderr();
    testing::internal::CaptureStdout();
    Command command = read_command_line(static_cast<int>(pointers.size()), pointers.data());
    testing::internal::GetCapturedStdout();
    testing::internal::GetCapturedStderr();
    return command;
}

// An environment variable for the length of a test.
class Variable {
public:
    Variable(const char* name, const char* value) : name_(name) { setenv(name, value, 1); }
    ~Variable() { unsetenv(name_); }

private:
    const char* name_;
};

// A file with that content, removed at the end.
class File {
public:
    explicit File(const std::string& text) {
        std::string name = (std::filesystem::temp_directory_path() / "eryxon-config-XXXXXX").string();
        close_ = mkstemp(name.data());
        path = name;
        std::ofstream(path) << text;
    }
    ~File() {
        std::fclose(fdopen(close_, "r"));
        std::filesystem::remove(path);
    }
    std::string path;

private:
    int close_;
};

TEST(Config, HasItsDefaults) {
    Command const command = read({});
    EXPECT_EQ(command.exit, std::nullopt);
    EXPECT_EQ(command.config.address, "127.0.0.1");
    EXPECT_EQ(command.config.port, 8080);
    EXPECT_EQ(command.config.base_path, "");
    EXPECT_EQ(command.config.body_limit, 16U * 1024 * 1024);
    EXPECT_EQ(command.config.import_limit, 256U * 1024 * 1024);
    EXPECT_EQ(command.config.body_memory, 384U * 1024 * 1024);
    EXPECT_EQ(command.config.db_pool, 10U);
    EXPECT_EQ(command.config.db_prepared, Prepared::automatic);
}

TEST(Config, ReadsFlagsBeforeTheEnvironment) {
    Variable const listen("ERYXON_LISTEN", "0.0.0.0:1");
    Variable const limit("ERYXON_BODY_LIMIT", "2M");
    Config const config = read({"--listen", "[::1]:0", "--base-path", "/functions/v1/", "--db-prepared", "off",
                                "--request-timeout", "1.5"})
                              .config;
    EXPECT_EQ(config.address, "::1");
    EXPECT_EQ(config.port, 0);
    EXPECT_EQ(config.base_path, "/functions/v1");
    EXPECT_EQ(config.body_limit, 2U * 1024 * 1024);
    EXPECT_EQ(config.db_prepared, Prepared::off);
    EXPECT_EQ(config.request_timeout.count(), 1.5);
}

TEST(Config, LeavesMemoryToOtherBodiesThanFiles) {
    EXPECT_EQ(read({"--body-memory", "40M"}).config.import_limit, 30U * 1024 * 1024);
    EXPECT_EQ(read({"--body-memory", "400M", "--import-limit", "300M"}).config.import_limit, 300U * 1024 * 1024);
}

TEST(Config, RefusesWhatCannotWork) {
    const std::vector<std::vector<std::string>> wrong = {{"--listen", "8080"},
                                                         {"--listen", "x:99999"},
                                                         {"--listen", "x:-1"},
                                                         {"--listen", ":1"},
                                                         {"--listen", "localhost:80"},
                                                         {"--base-path", "v1"},
                                                         {"--base-path", "/a?b"},
                                                         {"--db-uri", "postgresql://u:secret@[h"},
                                                         {"--db-uri", "nonsense"},
                                                         {"--db-pool", "0"},
                                                         {"--db-pool", "x"},
                                                         {"--db-prepared", "maybe"},
                                                         {"--request-timeout", "0"},
                                                         {"--header-timeout", "-1"},
                                                         {"--idle-timeout", "nan"},
                                                         {"--body-limit", "0"},
                                                         {"--body-limit", "1X"},
                                                         {"--body-memory", "1M"},
                                                         {"--max-connections", "0"},
                                                         {"--rate-limit", "-1"},
                                                         {"--jwt-secret-file", "/nonexistent"},
                                                         {"--jwt-public-key-file", "/nonexistent"},
                                                         {"--cors-origin", "app.example.com"},
                                                         {"--cors-origin", "https://app.example.com/"},
                                                         {"--trusted-proxy", "10.0.0.0/33"},
                                                         {"--trusted-proxy", "proxy"},
                                                         {"--db-schema", ""},
                                                         {"--unknown"}};
    for (auto const& arguments : wrong)
        EXPECT_EQ(read(arguments).exit, 2) << arguments.front() << ' ' << arguments.back();
}

TEST(Config, AnEmptyPreRequestMeansNone) {
    EXPECT_EQ(read({"--db-pre-request", ""}).config.db_pre_request, "");
    Variable const none("ERYXON_DB_PRE_REQUEST", "");
    EXPECT_EQ(read({}).config.db_pre_request, "");
    EXPECT_EQ(read({"--db-pre-request", "s.f"}).config.db_pre_request, "s.f");
}

TEST(Config, TakesASecretFromFileOrEnvironment) {
    File const file("0123456789abcdef0123456789abcdef\n"), shorter("0123456789abcdef0123456789abcde\n"),
        other("no key");
    EXPECT_EQ(read({"--jwt-secret-file", file.path}).config.jwt_keys.size(), 1U);
    EXPECT_EQ(read({"--jwt-secret-file", shorter.path}).exit, 2);
    EXPECT_EQ(read({"--jwt-public-key-file", other.path}).exit, 2);
    Variable const secret("ERYXON_JWT_SECRET", "0123456789abcdef0123456789abcdef");
    EXPECT_EQ(read({}).config.jwt_keys.size(), 1U);
    EXPECT_EQ(read({"--jwt-secret-file", file.path}).config.jwt_keys.size(), 2U);
}

TEST(Config, KnowsWhoMayCallAndWhoIsTrusted) {
    EXPECT_NE(describe(read({}).config).find("cors-origin = off\n"), std::string::npos);
    Variable const origins("ERYXON_CORS_ORIGIN", "https://a.example,https://B.example");
    Config const config = read({"--trusted-proxy", "127.0.0.1", "--trusted-proxy", "10.0.0.0/8"}).config;
    EXPECT_EQ(config.cors_origins, (std::vector<std::string>{"https://a.example", "https://b.example"}));
    EXPECT_EQ(config.trusted_proxies.size(), 2U);
    EXPECT_NE(describe(config).find("trusted-proxy = 127.0.0.1"), std::string::npos);
}

TEST(Config, TakesSeveralKeysOfSeveralKinds) {
    Signer const ec = Signer::ec(), ed = Signer::ed25519(), p384 = Signer::ec("P-384"), small = Signer::rsa(1024);
    const File first(secret), second("another secret of at least 32 bytes\n"), pems(public_key + ec.public_pem()),
        set(R"({"keys":[)" + ec.jwk() + ',' + ed.jwk(R"(,"kid":"e")") + "]}");
    Config const config = read({"--jwt-secret-file", first.path, "--jwt-secret-file", second.path,
                                "--jwt-public-key-file", pems.path, "--jwt-public-key-file", set.path})
                              .config;
    EXPECT_EQ(config.jwt_keys.size(), 6U);
    std::string const text = describe(config);
    for (const char* line :
         {"jwt HS256 = on, 2 keys\n", "jwt RS256 = on\n", "jwt ES256 = on, 2 keys\n", "jwt EdDSA = on\n"})
        EXPECT_NE(text.find(line), std::string::npos) << line;
    Variable const files("ERYXON_JWT_PUBLIC_KEY_FILE", (pems.path + ',' + set.path).c_str());
    EXPECT_EQ(read({}).config.jwt_keys.size(), 4U);
    for (const std::string& useless :
         {ec.private_pem(), p384.public_pem(), small.public_pem(), ec.jwk(R"(,"d":"A")"),
          R"({"kty":"oct","k":")" + part(secret) + "\"}", std::string("{}"), std::string()}) {
        const File file(useless);
        EXPECT_EQ(read({"--jwt-public-key-file", file.path}).exit, 2) << useless;
    }
}

TEST(Config, TakesNothingThatOthersKnowForASecret) {
    std::string const pem = public_key;
    std::string base64 = pem.substr(pem.find('\n') + 1);
    base64.resize(base64.find('-'));
    std::string const modulus(300, 'A');
    const File existing("0123456789abcdef0123456789abcdef");
    for (const std::string& text : {pem, "\n" + pem, "\xEF\xBB\xBF" + pem, base64,
                                    R"({"keys":[{"kty":"RSA","n":")" + modulus + R"(","e":"AQAB"}]})",
                                    R"( {"kty":"EC","crv":"P-256","x":")" + modulus + R"(","y":"A"})",
                                    R"([{"kty":"RSA","n":")" + modulus + R"("}])", "ssh-rsa " + modulus,
                                    std::string("@/etc/postgrest/jwt-secret-of-this-machine"),
                                    std::string("https://login.example.com/.well-known/jwks.json"), existing.path}) {
        const File file(text);
        EXPECT_EQ(read({"--jwt-secret-file", file.path}).exit, 2) << text;
        Variable const secret("ERYXON_JWT_SECRET", text.c_str());
        EXPECT_EQ(read({}).exit, 2) << text;
    }
    const File base64_secret("/+8dZm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4");
    EXPECT_EQ(read({"--jwt-secret-file", base64_secret.path}).exit, std::nullopt);
}

TEST(Config, ShowsNoSecrets) {
    Variable const secret("ERYXON_JWT_SECRET", "0123456789abcdef0123456789abcdef");
    Config const config = read({"--db-uri", "postgresql://user:hidden@host/db"}).config;
    std::string const text = describe(config);
    EXPECT_NE(text.find("db-uri user = user"), std::string::npos);
    EXPECT_NE(text.find("jwt HS256 = on"), std::string::npos);
    EXPECT_EQ(text.find("hidden"), std::string::npos);
    EXPECT_EQ(text.find("0123456789"), std::string::npos);
}

TEST(Config, HelpAndVersionEndWithoutServing) {
    EXPECT_EQ(read({"--help"}).exit, 0);
    EXPECT_TRUE(read({"--check-config"}).check_only);
}

}  // namespace
}  // namespace eryxon::gateway
