// Flags and environment: what there is, what is allowed, what is in force.
#include "gateway/command_line.hpp"

#include "gateway/api/body_memory.hpp"
#include "gateway/api/cors.hpp"

#include <arpa/inet.h>
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>

namespace eryxon::gateway {

namespace {

const char* const closing =
    "Every flag can be given by the environment variable named beside it; the flag wins.\n"
    "Exit status: 0 after a graceful stop, 1 if the program failed, 2 for bad configuration.";

constexpr std::uint64_t most_import = 1000 * 1024 * 1024;  // PostgreSQL takes no value of 1 GB

// What CLI11 fills before it is checked.
struct Raw {
    Config config;
    std::string base_path = "/";
    std::string admin_dir;
    std::vector<std::string> cors_origins, trusted_proxies;
    std::string prepared = "auto";
    std::string access_log = "on";
    double pool_timeout = 10, request_timeout = 30, header_timeout = 10, idle_timeout = 60, shutdown_timeout = 10;
    bool with_relay = false;
    RelayFlags relay;  // beside the server
};

// Takes the base path without slashes at its end.
void read_base_path(Config& config, std::string path) {
    if (path.empty() || path.front() != '/') throw bad("--base-path: must begin with a slash, got \"" + path + "\"");
    if (path.find_first_of("?#% \t") != std::string::npos) throw bad("--base-path: must be a plain path");
    while (!path.empty() && path.back() == '/')
        path.pop_back();
    config.base_path = path;
}

void read_origins(Config& config, const std::vector<std::string>& texts) {
    for (const std::string& text : texts) {
        std::optional<std::string> origin = read_origin(text);
        if (!origin) throw bad("--cors-origin: \"" + text + "\" is neither scheme://host[:port] nor *");
        config.cors_origins.push_back(*std::move(origin));
    }
}

void read_proxies(Config& config, const std::vector<std::string>& texts) {
    for (const std::string& text : texts) {
        std::optional<AddressRange> const range = parse_range(text);
        if (!range) throw bad("--trusted-proxy: \"" + text + "\" is neither an IP address nor ADDR/BITS");
        config.trusted_proxies.push_back(*range);
    }
}

// The folder of the admin pages: the one given, none for "off", else where they are installed or built.
std::string find_admin_dir(const std::string& given) {
    if (given == "off") return {};
    if (!given.empty()) {
        if (!std::filesystem::is_directory(given)) throw bad("--admin-dir: \"" + given + "\" is no folder");
        return given;
    }
    std::error_code error;
    std::filesystem::path const program = std::filesystem::read_symlink("/proc/self/exe", error);
    std::filesystem::path const installed = program.parent_path().parent_path() / "share/eryxon-gateway/admin";
    for (const std::filesystem::path& folder : {installed, std::filesystem::path(ERYXON_BUILT_PAGES)})
        if (std::filesystem::is_directory(folder, error)) return folder.string();
    return {};
}

Prepared prepared_of(const std::string& word) {
    if (word == "on") return Prepared::on;
    return word == "off" ? Prepared::off : Prepared::automatic;
}

const char* word_of(Prepared prepared) {
    if (prepared == Prepared::on) return "on";
    return prepared == Prepared::off ? "off" : "auto";
}

// Checks what the parser cannot and gives the final form.
Config finish(Raw& raw) {
    Config config = raw.config;
    ListenAddress const listen = read_listen(config.listen, "--listen");
    config.address = listen.address;
    config.port = listen.port;
    read_base_path(config, raw.base_path);
    const char* const secret = std::getenv("ERYXON_JWT_SECRET");
    if (secret != nullptr) config.jwt_sources.secret = secret;
    config.jwt_keys = read_token_keys(config.jwt_sources);
    read_origins(config, raw.cors_origins);
    read_proxies(config, raw.trusted_proxies);
    check_uri(config.db_uri, "--db-uri");
    if (config.db_schema.empty()) throw bad("--db-schema: must not be empty");
    if (config.db_anon_role.empty()) throw bad("--db-anon-role: must not be empty");
    if (config.db_anon_role == "none") throw bad("--db-anon-role: \"none\" is no role");
    if (config.body_memory < config.body_limit) throw bad("--body-memory: must be at least --body-limit");
    if (config.import_limit > most_import) throw bad("--import-limit: must be at most 1000M");
    config.import_limit = std::min(config.import_limit, BodyMemory::for_files(config.body_memory));
    config.admin_dir = find_admin_dir(raw.admin_dir);
    config.db_pool_timeout = positive(raw.pool_timeout, "--db-pool-timeout");
    config.request_timeout = positive(raw.request_timeout, "--request-timeout");
    config.header_timeout = positive(raw.header_timeout, "--header-timeout");
    config.idle_timeout = positive(raw.idle_timeout, "--idle-timeout");
    config.shutdown_timeout = positive(raw.shutdown_timeout, "--shutdown-timeout");
    config.db_prepared = prepared_of(raw.prepared);
    config.access_log = raw.access_log == "on";
    return config;
}

const CLI::IsMember on_or_off({"on", "off"});
const CLI::IsMember on_off_or_auto({"on", "off", "auto"});

// Flags about the database and its pool.
void add_database_flags(CLI::App& app, Raw& raw) {
    FlagGroup flags(app, "Database");
    Config& config = raw.config;
    flags.add("--db-uri", config.db_uri, "URI",
              "Connection string of the authenticator role. Empty: libpq's own environment (PGHOST, PGUSER ...). "
              "Give a password by PGPASSFILE or by this variable, not on the command line");
    flags.add("--db-schema", config.db_schema, "NAME", "Schema whose functions are exposed");
    flags.add("--db-anon-role", config.db_anon_role, "NAME", "Role of requests without a token");
    flags.add("--db-pre-request", config.db_pre_request, "NAME", "Function called before each call; empty: none");
    flags.add("--db-pool", config.db_pool, "N", "Number of database connections")->check(CLI::Range(1, 1000));
    flags.add("--db-pool-timeout", raw.pool_timeout, "SECONDS",
              "Wait for a free connection at most this long; then 503");
    flags
        .add("--db-prepared", raw.prepared, "on|off|auto",
             "Named prepared statements. auto: unless a pooler such as PgBouncer stands before the server")
        ->check(on_off_or_auto);
}

// Flags about what tokens are checked against.
void add_token_flags(CLI::App& app, Raw& raw) {
    FlagGroup flags(app, "Tokens");
    TokenKeySources& sources = raw.config.jwt_sources;
    flags
        .add("--jwt-secret-file", sources.secret_files, "FILE",
             "File with an HS256 secret (at least 32 bytes), or with secrets as JSON Web Keys; can be repeated, and "
             "read "
             "again with SIGHUP. A secret itself may stand in ERYXON_JWT_SECRET")
        ->delimiter(',');
    flags
        .add(
            "--jwt-public-key-file", sources.public_key_files, "FILE",
            "File with public keys for RS256, ES256 or EdDSA, in PEM or as JSON Web Key Set; can be repeated, and read "
            "again with SIGHUP")
        ->delimiter(',');
    flags.add("--jwt-audience", raw.config.jwt_audience, "TEXT", "Audience a token must name; empty: not checked");
}

// Flags about the address and the log.
void add_http_flags(CLI::App& app, Raw& raw) {
    FlagGroup flags(app, "HTTP");
    flags.add("--listen", raw.config.listen, "ADDR:PORT", "Where to listen; port 0: any free one");
    flags.add("--base-path", raw.base_path, "PATH", "Path in front of the /api-... routes");
    flags.add("--admin-dir", raw.admin_dir, "FOLDER",
              "Built admin pages; off: none. Empty: share/eryxon-gateway/admin beside the program's folder");
    flags
        .add("--cors-origin", raw.cors_origins, "ORIGIN",
             "Origin whose pages may call from a browser, as https://app.example.com, or *; can be repeated")
        ->delimiter(',');
    flags
        .add("--trusted-proxy", raw.trusted_proxies, "CIDR",
             "Addresses of proxies whose X-Forwarded-For or Forwarded names the client; can be repeated")
        ->delimiter(',');
    flags.add("--access-log", raw.access_log, "on|off", "One line a request on stderr")->check(on_or_off);
}

// Flags about times, sizes and numbers.
void add_limit_flags(CLI::App& app, Raw& raw) {
    FlagGroup flags(app, "Limits");
    Config& config = raw.config;
    flags.add("--request-timeout", raw.request_timeout, "SECONDS",
              "A request with its database work; then 504 (slow body: 408)");
    flags.add("--header-timeout", raw.header_timeout, "SECONDS", "Arrival of a request's headers; then 408");
    flags.add("--idle-timeout", raw.idle_timeout, "SECONDS", "Kept-alive connections without a request are closed");
    flags.add("--shutdown-timeout", raw.shutdown_timeout, "SECONDS",
              "Running requests may finish after SIGTERM or SIGINT");
    flags.add("--body-limit", config.body_limit, "BYTES", "Largest request body (16M, 512k ...); then 413")
        ->default_str("16M")
        ->transform(CLI::AsSizeValue(false))
        ->check(CLI::PositiveNumber);
    flags
        .add("--import-limit", config.import_limit, "BYTES",
             "Largest CSV file, up to 1000M and three quarters of --body-memory; then 413")
        ->default_str("256M")
        ->transform(CLI::AsSizeValue(false))
        ->check(CLI::PositiveNumber);
    flags
        .add("--body-memory", config.body_memory, "BYTES",
             "All request bodies under way, not below --body-limit; then 503")
        ->default_str("384M")
        ->transform(CLI::AsSizeValue(false))
        ->check(CLI::PositiveNumber);
    flags.add("--max-connections", config.max_connections, "N", "Client connections at a time; then 503")
        ->check(CLI::Range(1, 100000));
    flags.add("--rate-limit", config.rate_limit, "N", "Requests a minute per credential; then 429. 0: no limit");
}

// CLI11 takes an empty variable for a missing one; here it means that there is no pre-request.
void take_empty_pre_request(const CLI::App& app, Config& config) {
    const char* value = std::getenv("ERYXON_DB_PRE_REQUEST");
    if (value != nullptr && *value == '\0' && app.count("--db-pre-request") == 0) config.db_pre_request.clear();
}

// The relay beside the server. It logs in as the server does and ends with it, unless it is told otherwise.
void finish_served_relay(const Raw& raw, Command& command) {
    command.with_relay = raw.with_relay;
    if (!raw.with_relay) return;
    command.relay = finish_relay(raw.relay, "--relay-");
    if (command.relay.db_uri.empty()) command.relay.db_uri = command.config.db_uri;
    command.relay.shutdown_timeout = command.config.shutdown_timeout;
}

// The final form of what was parsed.
void finish(const CLI::App& serve, Raw& raw, const RelayFlags& relay, Command& command) {
    if (!serve.parsed()) {
        command.program = Command::Program::relay;
        command.relay = finish_relay(relay, "--");
        return;
    }
    take_empty_pre_request(serve, raw.config);
    command.config = finish(raw);
    finish_served_relay(raw, command);
}

CLI::App& add_serve(CLI::App& app, Raw& raw, Command& command) {
    CLI::App& serve = *app.add_subcommand("serve", "Answer HTTP requests until SIGTERM or SIGINT.");
    serve.footer(closing);
    add_http_flags(serve, raw);
    add_database_flags(serve, raw);
    add_token_flags(serve, raw);
    add_limit_flags(serve, raw);
    serve.add_flag("--relay", raw.with_relay, "Send webhooks as well, as the command relay does")
        ->envname(variable("--relay"))
        ->group("Relay");
    add_served_relay_flags(serve, raw.relay);
    serve.add_flag("--check-config", command.check_only, "Print the settings in force, without secrets, and exit");
    return serve;
}

void add_relay(CLI::App& app, RelayFlags& flags, Command& command) {
    CLI::App& relay = *app.add_subcommand("relay", "Send webhooks until SIGTERM or SIGINT.");
    relay.footer(closing);
    add_relay_flags(relay, flags);
    relay.add_flag("--check-config", command.check_only, "Print the settings in force, without secrets, and exit");
}

}  // namespace

Command read_command_line(int argc, char** argv) {
    CLI::App app(
        "HTTP server and webhook relay of eryxon_sync: the sync endpoints, /rpc as PostgREST has it, events to "
        "receivers.",
        "eryxon-gateway");
    app.set_version_flag("--version", "eryxon-gateway " ERYXON_VERSION);
    app.require_subcommand(1);
    Raw raw;
    RelayFlags relay;
    Command command;
    const CLI::App& serve = add_serve(app, raw, command);
    add_relay(app, relay, command);
    try {
        app.parse(argc, argv);
        finish(serve, raw, relay, command);
    } catch (const CLI::Success& success) {
        command.exit = app.exit(success);
    } catch (const CLI::Error& error) {
        app.exit(error);
        command.exit = 2;
    } catch (const std::invalid_argument& error) {
        std::cerr << "eryxon-gateway: " << error.what() << '\n';
        command.exit = 2;
    }
    return command;
}

namespace {

// For which algorithms there are keys, and how many.
std::string describe_keys(const TokenKeys& keys) {
    std::ostringstream out;
    for (std::string_view const algorithm : {"HS256", "RS256", "ES256", "EdDSA"}) {
        auto const count =
            std::count_if(keys.begin(), keys.end(), [&](const TokenKey& key) { return key.algorithm() == algorithm; });
        out << "\njwt " << algorithm << " = " << yes_no(count > 0);
        if (count > 1) out << ", " << count << " keys";
    }
    return out.str();
}

// Which pages may call, and which proxies are believed.
std::string describe_callers(const Config& config) {
    std::ostringstream out;
    for (const std::string& origin : config.cors_origins)
        out << "\ncors-origin = " << origin;
    if (config.cors_origins.empty()) out << "\ncors-origin = off";
    for (const AddressRange& range : config.trusted_proxies)
        out << "\ntrusted-proxy = " << address_text(range.first) << ", " << range.prefix << " of 128 bits";
    return out.str();
}

}  // namespace

std::string describe(const Config& config) {
    std::ostringstream out;
    out << "listen = " << config.listen << "\nbase-path = " << (config.base_path.empty() ? "/" : config.base_path)
        << "\nadmin-dir = " << (config.admin_dir.empty() ? "off" : config.admin_dir) << '\n';
    describe_uri(config.db_uri, "db-uri", out);
    out << "db-schema = " << config.db_schema << "\ndb-anon-role = " << config.db_anon_role
        << "\ndb-pre-request = " << config.db_pre_request << "\ndb-pool = " << config.db_pool
        << "\ndb-pool-timeout = " << config.db_pool_timeout.count() << "\ndb-prepared = " << word_of(config.db_prepared)
        << describe_keys(config.jwt_keys) << "\njwt-audience = " << config.jwt_audience
        << "\nrequest-timeout = " << config.request_timeout.count()
        << "\nheader-timeout = " << config.header_timeout.count() << "\nidle-timeout = " << config.idle_timeout.count()
        << "\nshutdown-timeout = " << config.shutdown_timeout.count() << "\nbody-limit = " << config.body_limit
        << "\nimport-limit = " << config.import_limit << "\nbody-memory = " << config.body_memory
        << "\nmax-connections = " << config.max_connections << "\nrate-limit = " << config.rate_limit
        << describe_callers(config) << "\naccess-log = " << yes_no(config.access_log) << '\n';
    return out.str();
}

}  // namespace eryxon::gateway
