// Buckets fill evenly over a minute; the one that was not used for longest makes room for a new caller.
#include "gateway/rate_limit.hpp"

#include <algorithm>
#include <cmath>

namespace eryxon::gateway {

RateLimiter::RateLimiter(unsigned per_minute, std::size_t most_callers)
    : per_minute_(per_minute), most_callers_(most_callers) {}

// The caller's bucket, moved to the front.
RateLimiter::Order::iterator RateLimiter::find(const std::string& caller, TimePoint now) {
    auto const known = buckets_.find(caller);
    if (known != buckets_.end()) {
        order_.splice(order_.begin(), order_, known->second);
        return known->second;
    }
    if (buckets_.size() >= most_callers_) {
        buckets_.erase(order_.back().caller);
        order_.pop_back();
    }
    order_.push_front({caller, static_cast<double>(per_minute_), now});
    buckets_.emplace(caller, order_.begin());
    return order_.begin();
}

RateState RateLimiter::take(const std::string& caller, TimePoint now) {
    Bucket& bucket = *find(caller, now);
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

}  // namespace eryxon::gateway
