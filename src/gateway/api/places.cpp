// Counting what each caller holds.
#include "gateway/api/places.hpp"

#include <mutex>
#include <unordered_map>

namespace eryxon::gateway {

struct Places::State {
    explicit State(std::size_t all) : free(all) {}

    std::mutex lock;
    std::size_t free;
    std::unordered_map<std::string, std::size_t> held;  // by caller, each of whom has one at least
};

// One place that is taken. Made while the state is locked.
struct Places::Holder {
    Holder(std::shared_ptr<State> state, const std::string& caller) : state(std::move(state)), caller(caller) {
        ++this->state->held[caller];
        --this->state->free;
    }
    ~Holder() {
        std::lock_guard const guard(state->lock);
        auto const found = state->held.find(caller);
        if (--found->second == 0) state->held.erase(found);
        ++state->free;
    }
    Holder(const Holder&) = delete;
    Holder& operator=(const Holder&) = delete;

    std::shared_ptr<State> state;
    std::string caller;
};

Places::Places(std::size_t all) : state_(std::make_shared<State>(all)) {}

Places::Place Places::take(const std::string& caller) const {
    std::lock_guard const guard(state_->lock);
    auto const found = state_->held.find(caller);
    std::size_t const held = found == state_->held.end() ? 0 : found->second;
    return held < times_free * state_->free ? std::make_shared<Holder>(state_, caller) : nullptr;
}

Places::Place Places::take_beyond_share(const std::string& caller) const {
    std::lock_guard const guard(state_->lock);
    return state_->free > 0 ? std::make_shared<Holder>(state_, caller) : nullptr;
}

}  // namespace eryxon::gateway
