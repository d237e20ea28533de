// A token bucket for each caller, and not more callers than fit.
#pragma once

#include "gateway/prelude.hpp"

#include <cstddef>
#include <list>
#include <string>
#include <unordered_map>

namespace eryxon::gateway {

// What the answer says about the caller's bucket.
struct RateState {
    bool allowed = true;
    unsigned limit = 0;
    unsigned remaining = 0;
    unsigned reset = 0;        // seconds until the bucket is full
    unsigned retry_after = 0;  // seconds until the next request is allowed
};

class RateLimiter {
public:
    // per_minute requests a minute, as many at once; 0: no limit.
    explicit RateLimiter(unsigned per_minute, std::size_t most_callers = 10000);

    bool active() const { return per_minute_ > 0; }
    // Takes one request from the caller's bucket if it holds one.
    RateState take(const std::string& caller, TimePoint now);
    std::size_t callers() const { return buckets_.size(); }

private:
    struct Bucket {
        std::string caller;
        double tokens;
        TimePoint filled;
    };
    using Order = std::list<Bucket>;  // the one used last stands first

    Order::iterator find(const std::string& caller, TimePoint now);

    unsigned per_minute_;
    std::size_t most_callers_;
    Order order_;
    std::unordered_map<std::string, Order::iterator> buckets_;
};

}  // namespace eryxon::gateway
