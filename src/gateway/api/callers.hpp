// Whose share of connections and memory a request takes: the tenant's, as far as it is known, so that a tenant gains
// nothing by many keys; else the token's; a key that was not seen yet shares with its address, as made-up ones do.
#pragma once

#include "gateway/api/credentials.hpp"
#include "gateway/api/rate_limit.hpp"

#include <string>
#include <unordered_map>

namespace eryxon::gateway {

class Callers {
public:
    // The name of the share.
    std::string share(const Caller& caller, const Credentials& credentials) const;
    // Notes that the database has accepted the credential, and whose it is.
    void accept(const Caller& caller, std::string tenant, TimePoint now);
    // True if that was not long ago.
    bool was_accepted(const Caller& caller, TimePoint now) const;

private:
    struct Known {
        std::string tenant;
        TimePoint since;
    };

    std::unordered_map<std::string, Known> known_;  // by credential
};

}  // namespace eryxon::gateway
