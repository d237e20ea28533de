// A token bucket for each good credential and for each address of other requests, and not more than fit.
#pragma once

#include "gateway/base/prelude.hpp"

#include <cstddef>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>

namespace eryxon::gateway {

// What the answer says about the caller's bucket.
struct RateState {
    bool allowed = true;
    unsigned limit = 0;
    unsigned remaining = 0;
    unsigned reset = 0;        // seconds until the bucket is full
    unsigned retry_after = 0;  // seconds until the next request is allowed
};

// Token buckets by name. The one that was not used for longest makes room for a new one.
class Buckets {
public:
    Buckets(unsigned per_minute, std::size_t most) : per_minute_(per_minute), most_(most) {}

    bool contains(const std::string& name) const { return places_.contains(name); }
    // Takes one request from the bucket if it holds one.
    RateState take(const std::string& name, TimePoint now);
    // Undoes one.
    void give_back(const std::string& name);

private:
    struct Bucket {
        std::string name;
        double tokens;
        TimePoint filled;
    };
    using Order = std::list<Bucket>;  // the one used last stands first

    Order::iterator find(const std::string& name, TimePoint now);

    unsigned per_minute_;
    std::size_t most_;
    Order order_;
    std::unordered_map<std::string, Order::iterator> places_;
};

// Whom a request is charged to.
struct Caller {
    std::string address;
    std::string credential{};  // a digest; empty if there is none
    bool proved = false;       // the credential is good by itself, as a signed token is
};

class RateLimiter {
public:
    // per_minute requests a minute, as many at once; 0: no limit.
    explicit RateLimiter(unsigned per_minute, std::size_t most_callers = 10000)
        : per_minute_(per_minute), addresses_(per_minute, most_callers), credentials_(per_minute, most_callers) {}

    bool active() const { return per_minute_ > 0; }
    // Takes one request from the credential's bucket if it is known to be good, else from the address's: made-up
    // credentials share that, and cannot displace good ones.
    RateState take(const Caller& caller, TimePoint now);
    // The address has used up its requests, but a credential may be tried all the same, one at a time: it may be a good
    // one that stands behind the same proxy as somebody who guesses. Nothing if another is tried or there is none to
    // try; else what holds the address's place until it is let go.
    std::shared_ptr<void> try_anyway(const Caller& caller);
    // Notes that the credential is good. Its request comes out of its own bucket, and what it took from the address's
    // is given back; nothing if it was known before.
    std::optional<RateState> accept(const Caller& caller, TimePoint now, bool was_tried = false);

private:
    unsigned per_minute_;
    Buckets addresses_;
    Buckets credentials_;
    // Addresses at which a credential is tried; shared with those who hold a place.
    std::shared_ptr<std::unordered_set<std::string>> trials_ = std::make_shared<std::unordered_set<std::string>>();
};

}  // namespace eryxon::gateway
