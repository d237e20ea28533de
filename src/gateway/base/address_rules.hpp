// Which addresses the relay may connect to: public ones, and those that the operator lists.
#pragma once

#include <sys/socket.h>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace eryxon::gateway {

// An IP address; one of IPv4 in its IPv6-mapped form.
using AddressBytes = std::array<std::uint8_t, 16>;

// A network in CIDR notation.
struct AddressRange {
    AddressBytes first{};
    unsigned prefix = 128;  // bits of `first` that count

    bool contains(const AddressBytes& address) const;
};

// Reads "10.0.0.0/8", "fd00::/8", or one address; nothing if it is neither.
std::optional<AddressRange> parse_range(std::string_view text);
// Reads one address; nothing if it is none.
std::optional<AddressBytes> parse_address(const std::string& text);
// The address as people write it.
std::string address_text(const AddressBytes& address);

class AddressRules {
public:
    explicit AddressRules(std::vector<AddressRange> allowed) : allowed_(std::move(allowed)) {}

    // Why the address may not be connected to, as "loopback" or "private"; empty if it may.
    std::string_view refusal(const AddressBytes& address) const;
    // The same for a socket's address, as a sentence.
    std::string refusal(const sockaddr* address) const;

private:
    std::vector<AddressRange> allowed_;
};

}  // namespace eryxon::gateway
