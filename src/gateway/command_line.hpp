// What the flags of server and relay have in common.
#pragma once

#include "gateway/base/config.hpp"

#include <libpq-fe.h>
#include <CLI/CLI.hpp>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace eryxon::gateway {

// Bad configuration, with a message for the operator.
inline std::invalid_argument bad(const std::string& what) {
    return std::invalid_argument(what);
}

inline const char* yes_no(bool value) {
    return value ? "on" : "off";
}

// A time limit; throws for one that is none.
Seconds positive(double seconds, const std::string& flag);

// ADDR:PORT in parts; an IPv6 address stands in brackets.
struct ListenAddress {
    std::string address;
    std::uint16_t port = 0;
};
ListenAddress read_listen(const std::string& text, const std::string& flag);

// Throws if it is no connection string, without repeating it, for it may hold a password.
void check_uri(const std::string& uri, const std::string& flag);
// What the connection string says but for secrets, each in a line that begins with `name`.
void describe_uri(const std::string& uri, std::string_view name, std::ostream& out);

// The variable of a flag: ERYXON_DB_URI for --db-uri.
std::string variable(std::string_view flag);

// Flags that stand under one heading of the help, each with a variable of the environment.
class FlagGroup {
public:
    FlagGroup(CLI::App& app, std::string heading) : app_(app), heading_(std::move(heading)) {}

    template <class Value>
    CLI::Option* add(const std::string& flag, Value& value, const char* type, const std::string& help) {
        return describe(app_.add_option(flag, value, help), variable(flag), type);
    }
    template <class Value>
    CLI::Option* add(const std::string& flag, Value& value, const char* type, const std::string& help,
                     const std::string& environment) {
        return describe(app_.add_option(flag, value, help), environment, type);
    }

private:
    CLI::Option* describe(CLI::Option* option, const std::string& environment, const char* type) {
        return option->envname(environment)->type_name(type)->group(heading_)->capture_default_str();
    }

    CLI::App& app_;
    std::string heading_;
};

// What CLI11 fills of the relay's flags before it is checked.
struct RelayFlags {
    RelayConfig config;
    double lease = 60, timeout = 15, poll_interval = 5, shutdown_timeout = 20;
    std::vector<std::string> allowed;
    std::string delivery_log = "on";
};

// Flags for the relay as a program of its own, or with "relay-" before their names for the one beside the server.
void add_relay_flags(CLI::App& app, RelayFlags& flags);
void add_served_relay_flags(CLI::App& app, RelayFlags& flags);
// Checks what the parser cannot and gives the final form. `prefix` is "--" or "--relay-".
RelayConfig finish_relay(const RelayFlags& flags, const std::string& prefix);

}  // namespace eryxon::gateway
