// What the gateway is told by flags and environment.
#pragma once

#include "gateway/base/relay_config.hpp"
#include "gateway/base/token_key_files.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace eryxon::gateway {

using Seconds = std::chrono::duration<double>;

// Whether statements are prepared under names.
enum class Prepared { automatic, on, off };  // automatic: where no pooler stands before the server

struct Config {
    std::string listen = "127.0.0.1:8080";
    std::string address;     // of listen
    std::uint16_t port = 0;  // of listen
    std::string base_path;   // without a slash at its end; empty for "/"
    std::string admin_dir;   // folder of the admin pages; empty: none

    std::string db_uri;
    std::string db_schema = "eryxon_api";
    std::string db_anon_role = "eryxon_anon";
    std::string db_pre_request = "eryxon_api.pre_request";
    std::size_t db_pool = 10;
    Seconds db_pool_timeout{10};
    Prepared db_prepared = Prepared::automatic;

    TokenKeySources jwt_sources;
    TokenKeys jwt_keys;  // of the sources, as they were at the start
    std::string jwt_audience;

    std::vector<std::string> cors_origins;      // of pages that may call; "*": all
    std::vector<AddressRange> trusted_proxies;  // whose word counts for whom they speak

    Seconds request_timeout{30};
    Seconds header_timeout{10};
    Seconds idle_timeout{60};
    Seconds shutdown_timeout{10};
    std::uint64_t body_limit = 16 * 1024 * 1024;
    std::uint64_t import_limit = 256 * 1024 * 1024;  // of the body where it is a CSV file
    std::uint64_t body_memory = 384 * 1024 * 1024;   // of all bodies under way
    std::size_t max_connections = 1000;
    unsigned rate_limit = 0;  // requests a minute per credential; 0: none
    bool access_log = true;
};

// What the command line asks for.
struct Command {
    enum class Program { serve, relay };

    Program program = Program::serve;
    Config config;
    bool with_relay = false;  // beside the server
    RelayConfig relay;
    bool check_only = false;
    std::optional<int> exit;  // set where there is nothing to serve: help, version, or an error that was printed
};

// Reads flags, environment and the files they name; prints help and complaints itself.
Command read_command_line(int argc, char** argv);

// The settings in force as lines of "name = value", without secrets.
std::string describe(const Config& config);
std::string describe(const RelayConfig& config);

// A whole number of milliseconds.
inline std::chrono::milliseconds milliseconds(Seconds seconds) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(seconds);
}

}  // namespace eryxon::gateway
