// The settings request.headers and request.cookies, which tell the database what the client sent.
#pragma once

#include "gateway/api/credentials.hpp"
#include "gateway/base/message.hpp"

#include <string>

namespace eryxon::gateway {

// The claims, with the digest of the API key where one was sent: the database is never told a key, nor a token.
std::string claims_json(const Credentials& credentials);

// One object of lower-case names; repeated headers joined by ", ". Without cookies, keys, tokens and x-eryxon-*. Values
// that are not UTF-8 count as ISO 8859-1.
std::string headers_json(const Request& request, const Credentials& credentials);

// The cookies as one object; "{}" if there are none.
std::string cookies_json(const Request& request);

}  // namespace eryxon::gateway
