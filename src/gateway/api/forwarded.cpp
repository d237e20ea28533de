// Walks from the nearest hop outwards for as long as those that speak are trusted.
#include "gateway/api/forwarded.hpp"

#include <algorithm>
#include <optional>

namespace eryxon::gateway {

namespace {

std::string_view trim(std::string_view text) {
    constexpr std::string_view blanks = " \t";
    text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
    return text.substr(0, text.find_last_not_of(blanks) + 1);
}

// The address in "192.0.2.1", "192.0.2.1:47011", "[2001:db8::1]:47011" or "2001:db8::1", in quotes or without.
std::optional<AddressBytes> read_node(std::string_view text) {
    if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
    if (text.starts_with('[')) return parse_address(std::string(text.substr(1, text.find(']') - 1)));
    if (std::count(text.begin(), text.end(), ':') == 1) text = text.substr(0, text.find(':'));
    return parse_address(std::string(text));
}

// What stands behind "for=" in an element of Forwarded (RFC 7239).
std::string_view node_of(std::string_view element) {
    while (!element.empty()) {
        std::string_view const pair = element.substr(0, element.find(';'));
        element.remove_prefix(std::min(pair.size() + 1, element.size()));
        std::size_t const equals = std::min(pair.find('='), pair.size());
        if (same_name(trim(pair.substr(0, equals)), "for")) return trim(pair.substr(std::min(equals + 1, pair.size())));
    }
    return {};
}

bool is_trusted(const AddressBytes& address, const std::vector<AddressRange>& trusted) {
    return std::any_of(trusted.begin(), trusted.end(),
                       [&](const AddressRange& range) { return range.contains(address); });
}

// The elements of all headers of that name, the nearest hop first.
std::vector<std::string_view> hops(const Request& request, std::string_view name) {
    std::vector<std::string_view> found;
    for (const HeaderView& header : request.headers) {
        if (!same_name(header.name, name)) continue;
        for (std::string_view rest = header.value;;) {
            std::size_t const comma = rest.find(',');
            found.push_back(trim(rest.substr(0, comma)));
            if (comma == std::string_view::npos) break;
            rest.remove_prefix(comma + 1);
        }
    }
    std::reverse(found.begin(), found.end());
    return found;
}

// The first hop that is not trusted, or the last one; nothing if there are none, or the nearest is no address.
std::optional<AddressBytes> walk(const std::vector<std::string_view>& hops, bool are_pairs,
                                 const std::vector<AddressRange>& trusted) {
    std::optional<AddressBytes> client;
    for (std::string_view const hop : hops) {
        std::optional<AddressBytes> const address = read_node(are_pairs ? node_of(hop) : hop);
        if (!address) break;
        client = address;
        if (!is_trusted(*address, trusted)) break;
    }
    return client;
}

}  // namespace

std::string client_address(const Request& request, const std::string& peer, const std::vector<AddressRange>& trusted) {
    if (!is_trusted(peer, trusted)) return peer;
    std::vector<std::string_view> const plain = hops(request, "x-forwarded-for"), pairs = hops(request, "forwarded");
    std::optional<AddressBytes> const one = walk(plain, false, trusted), other = walk(pairs, true, trusted);
    if (!plain.empty() && !pairs.empty() && one != other) return peer;
    std::optional<AddressBytes> const client = plain.empty() ? other : one;
    return client ? address_text(*client) : peer;
}

bool is_trusted(const std::string& peer, const std::vector<AddressRange>& trusted) {
    std::optional<AddressBytes> const address = trusted.empty() ? std::nullopt : parse_address(peer);
    return address && is_trusted(*address, trusted);
}

std::string network_of(const std::string& address) {
    std::optional<AddressBytes> bytes = parse_address(address);
    if (!bytes || address_text(*bytes).find(':') == std::string::npos) return address;
    std::fill(bytes->begin() + 8, bytes->end(), std::uint8_t{0});
    return address_text(*bytes);
}

}  // namespace eryxon::gateway
