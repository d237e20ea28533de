// Who is behind a proxy.
#pragma once

#include "gateway/base/address_rules.hpp"
#include "gateway/base/message.hpp"

#include <string>
#include <vector>

namespace eryxon::gateway {

// The address that the request comes from: the peer's, or, if that is a trusted proxy, the last one in X-Forwarded-For
// or Forwarded that is not. Where both are there they must agree, for a proxy writes one and passes the other on.
std::string client_address(const Request& request, const std::string& peer, const std::vector<AddressRange>& trusted);

// True for a proxy that may say for whom it speaks.
bool is_trusted(const std::string& peer, const std::vector<AddressRange>& trusted);

// The part of the address that a client cannot choose itself: of IPv6 the first 64 bits. For limits.
std::string network_of(const std::string& address);

}  // namespace eryxon::gateway
