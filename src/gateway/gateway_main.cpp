// The program eryxon-gateway.
#include "gateway/base/config.hpp"
#include "gateway/base/log_thread.hpp"
#include "gateway/base/spawn.hpp"
#include "gateway/relay/relay_program.hpp"
#include "gateway/server/server.hpp"

#include <sys/resource.h>
#include <unistd.h>
#include <csignal>
#include <cstdio>
#include <exception>
#include <iostream>
#include <optional>

namespace {

// Serves until a signal, with a relay beside it if the configuration has one.
void serve(const eryxon::gateway::Command& command) {
    using namespace eryxon::gateway;
    std::optional<RelayThread> relay;
    if (command.with_relay) relay.emplace(command.relay);
    asio::io_context context(1);
    Companion companion;
    if (relay) companion = {relay->metrics().registry(), [&relay] { relay->stop(); }};
    Server server(context, command.config, companion);
    server.start();
    if (relay) relay->start();
    run_loop(context, "clients' connections");
}

// The settings in force.
std::string describe_all(const eryxon::gateway::Command& command) {
    using namespace eryxon::gateway;
    if (command.program == Command::Program::relay) return describe(command.relay);
    return describe(command.config) + (command.with_relay ? "relay = on\n" + describe(command.relay) : "");
}

// As many open files as the system allows: a connection is one.
void raise_file_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

int main(int argc, char** argv) {
    using namespace eryxon::gateway;
    try {
        Command const command = read_command_line(argc, argv);
        if (command.exit) return *command.exit;
        if (command.check_only) {
            std::cout << describe_all(command);
            return 0;
        }
        std::signal(SIGPIPE, SIG_IGN);
        raise_file_limit();
        LogThread const log(STDERR_FILENO);
        if (command.program == Command::Program::relay)
            run_relay(command.relay);
        else
            serve(command);
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "eryxon-gateway: %s\n", error.what());
        return 1;
    }
}
