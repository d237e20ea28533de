// Buckets fill evenly over a minute.
#include "gateway/api/rate_limit.hpp"

#include <algorithm>
#include <cmath>

namespace eryxon::gateway {

// The bucket, moved to the front.
Buckets::Order::iterator Buckets::find(const std::string& name, TimePoint now) {
    auto const known = places_.find(name);
    if (known != places_.end()) {
        order_.splice(order_.begin(), order_, known->second);
        return known->second;
    }
    if (places_.size() >= most_) {
        places_.erase(order_.back().name);
        order_.pop_back();
    }
    order_.push_front({name, static_cast<double>(per_minute_), now});
    places_.emplace(name, order_.begin());
    return order_.begin();
}

RateState Buckets::take(const std::string& name, TimePoint now) {
    Bucket& bucket = *find(name, now);
    double const per_second = per_minute_ / 60.0;
    double const passed = std::chrono::duration<double>(now - bucket.filled).count();
    bucket.tokens = std::min<double>(per_minute_, bucket.tokens + passed * per_second);
    bucket.filled = now;
    RateState state{.allowed = bucket.tokens >= 1, .limit = per_minute_};
    if (state.allowed)
        bucket.tokens -= 1;
    else
        state.retry_after = static_cast<unsigned>(std::ceil((1 - bucket.tokens) / per_second));
    state.remaining = static_cast<unsigned>(bucket.tokens);
    state.reset = static_cast<unsigned>(std::ceil((per_minute_ - bucket.tokens) / per_second));
    return state;
}

void Buckets::give_back(const std::string& name) {
    auto const known = places_.find(name);
    if (known == places_.end()) return;
    known->second->tokens = std::min<double>(per_minute_, known->second->tokens + 1);
}

RateState RateLimiter::take(const Caller& caller, TimePoint now) {
    if (!caller.credential.empty() && (caller.proved || credentials_.contains(caller.credential)))
        return credentials_.take(caller.credential, now);
    return addresses_.take(caller.address, now);
}

std::shared_ptr<void> RateLimiter::try_anyway(const Caller& caller) {
    if (caller.credential.empty() || caller.proved || credentials_.contains(caller.credential)) return nullptr;
    if (!trials_->insert(caller.address).second) return nullptr;
    return {trials_.get(), [places = trials_, address = caller.address](void*) { places->erase(address); }};
}

std::optional<RateState> RateLimiter::accept(const Caller& caller, TimePoint now, bool was_tried) {
    if (caller.credential.empty() || credentials_.contains(caller.credential)) return std::nullopt;
    if (!was_tried) addresses_.give_back(caller.address);
    return credentials_.take(caller.credential, now);
}

}  // namespace eryxon::gateway
