// The program eryxon-gateway.
#include "gateway/config.hpp"
#include "gateway/server.hpp"

#include <sys/resource.h>
#include <csignal>
#include <cstdio>
#include <exception>
#include <iostream>

namespace {

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
            std::cout << describe(command.config);
            return 0;
        }
        std::signal(SIGPIPE, SIG_IGN);
        raise_file_limit();
        asio::io_context context(1);
        Server server(context, command.config);
        server.start();
        context.run();
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "eryxon-gateway: %s\n", error.what());
        return 1;
    }
}
