// The relay's flags, and what all flags are read with.
#include "gateway/command_line.hpp"

#include <arpa/inet.h>
#include <unistd.h>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>

namespace eryxon::gateway {

namespace {

using ConnectionOptions = std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)>;

// The connection string in parts; empty if it is none.
ConnectionOptions parse_uri(const std::string& uri) {
    char* message = nullptr;
    ConnectionOptions options(PQconninfoParse(uri.c_str(), &message), &PQconninfoFree);
    PQfreemem(message);
    return options;
}

// The value of a connection keyword, from the string or libpq's environment.
std::string connection_value(const PQconninfoOption* options, std::string_view keyword) {
    for (; options->keyword != nullptr; ++options)
        if (keyword == options->keyword && options->val != nullptr) return options->val;
    return {};
}

// A name that no other relay has, not one of the same machine and number in another container either.
std::string own_name() {
    std::array<char, 256> host{};
    std::array<char, 9> random{};
    if (gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
    std::snprintf(random.data(), random.size(), "%08x", std::random_device()());
    return std::string(host.data()) + ':' + std::to_string(getpid()) + ':' + random.data();
}

// Adds the flags under their names; `lead` stands before each.
void add_flags(CLI::App& app, RelayFlags& raw, const std::string& lead) {
    FlagGroup group(app, "Relay");
    RelayConfig& config = raw.config;
    auto const add = [&](const char* name, auto& value, const char* type, const char* help) {
        return group.add(lead + name, value, type, help, variable(std::string("--relay-") + name));
    };
    add("db-uri", config.db_uri, "URI", "Connection string of a role that eryxon_grant_relay was called for");
    add("name", config.name, "NAME", "Of this relay, as the database notes it; empty: made of host and process");
    add("concurrency", config.concurrency, "N", "Webhooks sent at a time")->check(CLI::Range(1, 1000));
    add("timeout", raw.timeout, "SECONDS", "One webhook, from the look-up of its host to the end of the answer");
    add("lease", raw.lease, "SECONDS", "Others take a delivery over when this relay has not reported it so long");
    add("poll-interval", raw.poll_interval, "SECONDS", "Look for deliveries at least so often, if nothing calls");
    add("allow-address", raw.allowed, "CIDR", "Private or other special addresses that may be connected to; repeatable")
        ->delimiter(',');
    app.add_flag(lead + "allow-http", config.allow_http, "Send to http:// as well")
        ->envname("ERYXON_RELAY_ALLOW_HTTP")
        ->group("Relay");
    add("ca-file", config.ca_file, "FILE", "PEM file with the certificates to trust; empty: the system's");
    add("delivery-log", raw.delivery_log, "on|off",
        "One line for each webhook on stderr; off: only for those that failed")
        ->check(CLI::IsMember({"on", "off"}));
}

}  // namespace

Seconds positive(double seconds, const std::string& flag) {
    if (!(seconds > 0) || seconds > 86400) throw bad(flag + ": must be more than 0 and at most 86400 seconds");
    return Seconds(seconds);
}

ListenAddress read_listen(const std::string& text, const std::string& flag) {
    std::size_t const colon = text.rfind(':');
    if (colon == std::string::npos || colon == 0) throw bad(flag + ": expected ADDR:PORT, got \"" + text + "\"");
    ListenAddress listen{text.substr(0, colon)};
    if (listen.address.front() == '[' && listen.address.back() == ']')
        listen.address = listen.address.substr(1, listen.address.size() - 2);
    std::string const port = text.substr(colon + 1);
    if (port.empty() || port.size() > 5 || port.find_first_not_of("0123456789") != std::string::npos ||
        std::stoul(port) > 65535)
        throw bad(flag + ": port must be a number up to 65535, got \"" + port + "\"");
    listen.port = static_cast<std::uint16_t>(std::stoul(port));
    in6_addr binary{};
    if (inet_pton(AF_INET, listen.address.c_str(), &binary) != 1 &&
        inet_pton(AF_INET6, listen.address.c_str(), &binary) != 1)
        throw bad(flag + ": \"" + listen.address + "\" is no IP address");
    return listen;
}

void check_uri(const std::string& uri, const std::string& flag) {
    if (!parse_uri(uri)) throw bad(flag + ": neither a postgresql:// URI nor a list of keyword = value");
}

void describe_uri(const std::string& uri, std::string_view name, std::ostream& out) {
    ConnectionOptions const options = parse_uri(uri);
    if (!options) return;
    for (const char* keyword : {"host", "hostaddr", "port", "dbname", "user", "service"}) {
        std::string const value = connection_value(options.get(), keyword);
        if (!value.empty()) out << name << ' ' << keyword << " = " << value << '\n';
    }
}

std::string variable(std::string_view flag) {
    std::string name = "ERYXON_";
    for (char const c : flag.substr(2))
        name += c == '-' ? '_' : static_cast<char>(c - ('a' - 'A'));
    return name;
}

void add_relay_flags(CLI::App& app, RelayFlags& flags) {
    const char* const uri = std::getenv("ERYXON_DB_URI");
    if (uri != nullptr) flags.config.db_uri = uri;
    add_flags(app, flags, "--");
    FlagGroup group(app, "Relay");
    group.add("--metrics-listen", flags.config.metrics_listen, "ADDR:PORT", "Where /metrics answers; empty: nowhere",
              "ERYXON_RELAY_METRICS_LISTEN");
    group.add("--shutdown-timeout", flags.shutdown_timeout, "SECONDS",
              "Webhooks under way may finish after SIGTERM or SIGINT", "ERYXON_RELAY_SHUTDOWN_TIMEOUT");
}

void add_served_relay_flags(CLI::App& app, RelayFlags& flags) {
    add_flags(app, flags, "--relay-");
}

RelayConfig finish_relay(const RelayFlags& flags, const std::string& prefix) {
    RelayConfig config = flags.config;
    check_uri(config.db_uri, prefix + "db-uri");
    if (config.name.empty()) config.name = own_name();
    config.timeout = positive(flags.timeout, prefix + "timeout");
    config.lease = positive(flags.lease, prefix + "lease");
    config.poll_interval = positive(flags.poll_interval, prefix + "poll-interval");
    config.shutdown_timeout = positive(flags.shutdown_timeout, prefix + "shutdown-timeout");
    if (config.lease < config.timeout + Seconds(5))
        throw bad(prefix + "lease: must be at least 5 seconds longer than " + prefix + "timeout");
    for (const std::string& text : flags.allowed) {
        auto const range = parse_range(text);
        if (!range) throw bad(prefix + "allow-address: \"" + text + "\" is neither an IP address nor ADDR/BITS");
        config.allowed_addresses.push_back(*range);
    }
    config.delivery_log = flags.delivery_log == "on";
    if (!config.ca_file.empty() && !std::ifstream(config.ca_file))
        throw bad(prefix + "ca-file: cannot read file \"" + config.ca_file + "\"");
    if (!config.metrics_listen.empty()) read_listen(config.metrics_listen, prefix + "metrics-listen");
    return config;
}

std::string describe(const RelayConfig& config) {
    std::ostringstream out;
    describe_uri(config.db_uri, "relay db-uri", out);
    out << "relay name = " << config.name << "\nrelay concurrency = " << config.concurrency
        << "\nrelay timeout = " << config.timeout.count() << "\nrelay lease = " << config.lease.count()
        << "\nrelay poll-interval = " << config.poll_interval.count()
        << "\nrelay shutdown-timeout = " << config.shutdown_timeout.count()
        << "\nrelay allow-http = " << yes_no(config.allow_http);
    for (const AddressRange& range : config.allowed_addresses)
        out << "\nrelay allow-address = " << address_text(range.first) << ", " << range.prefix << " of 128 bits";
    out << "\nrelay ca-file = " << config.ca_file << "\nrelay metrics-listen = " << config.metrics_listen
        << "\nrelay delivery-log = " << yes_no(config.delivery_log) << '\n';
    return out.str();
}

}  // namespace eryxon::gateway
