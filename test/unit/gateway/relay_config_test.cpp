// The relay's flags, by themselves and beside the server.
#include "gateway/base/config.hpp"

#include <gtest/gtest.h>
#include <cstdlib>
#include <vector>

namespace eryxon::gateway {
namespace {

// The command line `eryxon-gateway <arguments>`.
Command read(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "eryxon-gateway");
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

TEST(RelayConfig, HasItsDefaults) {
    Command const command = read({"relay"});
    EXPECT_EQ(command.exit, std::nullopt);
    EXPECT_EQ(command.program, Command::Program::relay);
    EXPECT_EQ(command.relay.concurrency, 128U);
    EXPECT_EQ(command.relay.timeout.count(), 15);
    EXPECT_EQ(command.relay.lease.count(), 60);
    EXPECT_EQ(command.relay.poll_interval.count(), 5);
    EXPECT_FALSE(command.relay.allow_http);
    EXPECT_TRUE(command.relay.allowed_addresses.empty());
    EXPECT_NE(command.relay.name, read({"relay"}).relay.name);
}

TEST(RelayConfig, ReadsFlagsBeforeTheEnvironment) {
    Variable const concurrency("ERYXON_RELAY_CONCURRENCY", "9"), timeout("ERYXON_RELAY_TIMEOUT", "3");
    Variable const allowed("ERYXON_RELAY_ALLOW_ADDRESS", "10.0.0.0/8,fd00::/8"), http("ERYXON_RELAY_ALLOW_HTTP", "on");
    RelayConfig const relay = read({"relay", "--concurrency", "5", "--name", "one"}).relay;
    EXPECT_EQ(relay.concurrency, 5U);
    EXPECT_EQ(relay.timeout.count(), 3);
    EXPECT_EQ(relay.allowed_addresses.size(), 2U);
    EXPECT_TRUE(relay.allow_http);
    EXPECT_EQ(relay.name, "one");
    EXPECT_EQ(read({"relay", "--allow-address", "::1", "--allow-address", "127.0.0.0/8", "--allow-address", "10.0.0.1"})
                  .relay.allowed_addresses.size(),
              3U);
}

TEST(RelayConfig, RunsInTheServerOnRequest) {
    EXPECT_FALSE(read({"serve"}).with_relay);
    Command const command = read({"serve", "--relay", "--relay-concurrency", "7", "--relay-allow-address", "::1",
                                  "--db-uri", "postgresql:///mes", "--shutdown-timeout", "3"});
    EXPECT_EQ(command.program, Command::Program::serve);
    EXPECT_TRUE(command.with_relay);
    EXPECT_EQ(command.relay.concurrency, 7U);
    EXPECT_EQ(command.relay.allowed_addresses.size(), 1U);
    EXPECT_EQ(command.relay.db_uri, "postgresql:///mes");
    EXPECT_EQ(command.relay.shutdown_timeout.count(), 3);
    EXPECT_EQ(read({"serve", "--relay", "--db-uri", "postgresql:///mes", "--relay-db-uri", "dbname=mes user=relay"})
                  .relay.db_uri,
              "dbname=mes user=relay");
}

TEST(RelayConfig, TakesTheDatabaseOfEitherVariable) {
    Variable const gateway("ERYXON_DB_URI", "postgresql:///a");
    EXPECT_EQ(read({"relay"}).relay.db_uri, "postgresql:///a");
    Variable const relay("ERYXON_RELAY_DB_URI", "postgresql:///b");
    EXPECT_EQ(read({"relay"}).relay.db_uri, "postgresql:///b");
    EXPECT_EQ(read({"relay", "--db-uri", "postgresql:///c"}).relay.db_uri, "postgresql:///c");
}

TEST(RelayConfig, RefusesWhatCannotWork) {
    const std::vector<std::vector<std::string>> wrong = {{"--concurrency", "0"},
                                                         {"--concurrency", "1001"},
                                                         {"--timeout", "0"},
                                                         {"--lease", "16"},
                                                         {"--poll-interval", "-1"},
                                                         {"--poll-interval", "nan"},
                                                         {"--allow-address", "localhost"},
                                                         {"--allow-address", "10.0.0.0/33"},
                                                         {"--ca-file", "/nonexistent"},
                                                         {"--metrics-listen", "9100"},
                                                         {"--delivery-log", "maybe"},
                                                         {"--db-uri", "nonsense"},
                                                         {"--listen", "127.0.0.1:1"},
                                                         {"--unknown"}};
    for (auto arguments : wrong) {
        arguments.insert(arguments.begin(), "relay");
        EXPECT_EQ(read(arguments).exit, 2) << arguments[1] << ' ' << arguments.back();
    }
    EXPECT_EQ(read({"serve", "--relay", "--relay-lease", "1"}).exit, 2);
    EXPECT_EQ(read({"serve", "relay"}).exit, 2);
}

TEST(RelayConfig, ShowsNoSecrets) {
    std::string const text = describe(read({"relay", "--db-uri", "postgresql://user:hidden@host/db"}).relay);
    EXPECT_NE(text.find("relay db-uri user = user"), std::string::npos);
    EXPECT_EQ(text.find("hidden"), std::string::npos);
}

}  // namespace
}  // namespace eryxon::gateway
