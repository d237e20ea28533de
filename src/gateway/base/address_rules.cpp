// The ranges come from IANA's registries of special-purpose addresses, and from where clouds keep their metadata. IPv6
// outside of 2000::/3 is refused as a whole; forms that carry an IPv4 address are judged by it.
#include "gateway/base/address_rules.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <algorithm>
#include <charconv>
#include <cstring>

namespace eryxon::gateway {

namespace {

constexpr unsigned v4_prefix = 96;  // of a mapped address

struct Forbidden {
    AddressRange range;
    std::string_view kind;
};

// The first match decides.
const std::vector<Forbidden>& forbidden() {
    struct Row {
        const char* range;
        std::string_view kind;
    };
    static constexpr Row rows[] = {
        {"0.0.0.0/32", "unspecified"},
        {"0.0.0.0/8", "reserved"},
        {"10.0.0.0/8", "private"},
        {"100.64.0.0/10", "shared"},
        {"127.0.0.0/8", "loopback"},
        {"168.63.129.16", "metadata"},
        {"169.254.169.254", "metadata"},
        {"169.254.0.0/16", "link-local"},
        {"172.16.0.0/12", "private"},
        {"192.0.0.0/24", "reserved"},
        {"192.0.2.0/24", "documentation"},
        {"192.88.99.0/24", "reserved"},
        {"192.168.0.0/16", "private"},
        {"198.18.0.0/15", "benchmark"},
        {"198.51.100.0/24", "documentation"},
        {"203.0.113.0/24", "documentation"},
        {"224.0.0.0/4", "multicast"},
        {"240.0.0.0/4", "reserved"},
        {"::", "unspecified"},
        {"::1", "loopback"},
        {"fd00:ec2::254", "metadata"},
        {"fd20:ce::254", "metadata"},
        {"fc00::/7", "private"},
        {"fe80::/10", "link-local"},
        {"fec0::/10", "site-local"},
        {"ff00::/8", "multicast"},
        {"2001:2::/48", "benchmark"},
        {"2001:db8::/32", "documentation"},
        {"2001::/23", "reserved"},
        {"2002::/16", "reserved"},
        {"3fff::/20", "documentation"},
    };
    static const std::vector<Forbidden> list = [] {
        std::vector<Forbidden> made;
        for (const Row& row : rows)
            made.push_back({parse_range(row.range).value(), row.kind});
        return made;
    }();
    return list;
}

// The mapped form of the four bytes.
AddressBytes mapped(const std::uint8_t* v4) {
    AddressBytes address{};
    address[10] = address[11] = 0xff;
    std::copy_n(v4, 4, address.begin() + 12);
    return address;
}

bool is_v4(const AddressBytes& address) {
    static constexpr std::array<std::uint8_t, 12> head = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    return std::equal(head.begin(), head.end(), address.begin());
}

// True for NAT64's well-known prefix, behind which any IPv4 address is reached.
bool is_nat64(const AddressBytes& address) {
    static const AddressRange range = parse_range("64:ff9b::/96").value();
    return range.contains(address);
}

// True for ISATAP, a tunnel to the IPv4 address in the interface identifier.
bool is_isatap(const AddressBytes& address) {
    static constexpr std::array<std::uint8_t, 3> marker = {0, 0x5e, 0xfe};
    return (address[8] & 0xfdU) == 0 && std::equal(marker.begin(), marker.end(), address.begin() + 9);
}

// The address of a socket; nothing if it is not one of IP.
std::optional<AddressBytes> socket_address(const sockaddr* address) {
    AddressBytes bytes{};
    if (address->sa_family == AF_INET) {
        sockaddr_in v4{};
        std::memcpy(&v4, address, sizeof v4);
        return mapped(reinterpret_cast<const std::uint8_t*>(&v4.sin_addr));
    }
    if (address->sa_family != AF_INET6) return std::nullopt;
    sockaddr_in6 v6{};
    std::memcpy(&v6, address, sizeof v6);
    std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
    return bytes;
}

}  // namespace

bool AddressRange::contains(const AddressBytes& address) const {
    unsigned const whole = prefix / 8, rest = prefix % 8;
    if (!std::equal(first.begin(), first.begin() + whole, address.begin())) return false;
    if (rest == 0) return true;
    auto const mask = static_cast<unsigned>(0xff00U >> rest) & 0xffU;
    return ((first[whole] ^ address[whole]) & mask) == 0;
}

std::optional<AddressBytes> parse_address(const std::string& text) {
    AddressBytes bytes{};
    std::array<std::uint8_t, 4> v4{};
    if (inet_pton(AF_INET, text.c_str(), v4.data()) == 1) return mapped(v4.data());
    if (inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1) return bytes;
    return std::nullopt;
}

std::optional<AddressRange> parse_range(std::string_view text) {
    std::size_t const slash = text.find('/');
    std::string const address(text.substr(0, slash));
    auto const first = parse_address(address);
    if (!first) return std::nullopt;
    AddressRange range{*first};
    if (slash == std::string_view::npos) return range;
    unsigned const longest = address.find(':') == std::string::npos ? 32 : 128;
    std::string_view const digits = text.substr(slash + 1);
    auto const [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), range.prefix);
    if (error != std::errc{} || end != digits.data() + digits.size() || range.prefix > longest) return std::nullopt;
    if (longest == 32) range.prefix += v4_prefix;
    return range;
}

std::string address_text(const AddressBytes& address) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (is_v4(address))
        inet_ntop(AF_INET, &address[12], text.data(), text.size());
    else
        inet_ntop(AF_INET6, address.data(), text.data(), text.size());
    return text.data();
}

std::string_view AddressRules::refusal(const AddressBytes& address) const {
    static const AddressRange global = parse_range("2000::/3").value();
    auto const holds = [&address](const AddressRange& range) { return range.contains(address); };
    if (std::any_of(allowed_.begin(), allowed_.end(), holds)) return {};
    for (const Forbidden& entry : forbidden())
        if (holds(entry.range)) return entry.kind;
    if (is_v4(address)) return {};
    if (is_nat64(address)) return refusal(mapped(&address[12]));
    if (!global.contains(address)) return "reserved";
    return is_isatap(address) ? refusal(mapped(&address[12])) : std::string_view();
}

std::string AddressRules::refusal(const sockaddr* address) const {
    auto const bytes = socket_address(address);
    if (!bytes) return "an address that is not one of IP is not allowed";
    std::string_view const kind = refusal(*bytes);
    if (kind.empty()) return {};
    return "address " + address_text(*bytes) + " is not allowed (" + std::string(kind) + ")";
}

}  // namespace eryxon::gateway
