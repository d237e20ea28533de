// Dividing a call into waves.
#include "core/result/waves.hpp"

#include <algorithm>
#include <unordered_map>

namespace eryxon::core {

namespace {

// The earliest waves for who touches a token next: after its writers, after its readers, in its order.
struct Token {
    int after_write = 0;
    int after_read = 0;
    int ordered = 0;
};

class Planner {
public:
    explicit Planner(std::span<const Claims> units) : units_(units), state_(units.size(), State::unseen) {}

    std::vector<std::vector<std::uint32_t>> plan() {
        for (std::uint32_t unit = 0; unit < units_.size(); unit++)
            visit(unit);
        return std::move(waves_);
    }

private:
    enum class State : std::uint8_t { unseen, visiting, placed };

    // Places the unit after all units it waits for. An explicit stack: chains can be as long as the call.
    void visit(std::uint32_t first) {
        std::vector<std::uint32_t> stack{first};
        while (!stack.empty()) {
            std::uint32_t const unit = stack.back();
            if (state_[unit] == State::unseen) {
                state_[unit] = State::visiting;
                for (std::uint32_t other : units_[unit].after)
                    if (state_[other] == State::unseen) stack.push_back(other);
                continue;
            }
            if (state_[unit] == State::visiting) place(unit);
            stack.pop_back();
        }
    }

    void place(std::uint32_t unit) {
        const Claims& claims = units_[unit];
        int wave = floor_;
        for (std::uint32_t other : claims.after)
            if (state_[other] == State::placed) wave = std::max(wave, wave_of_[other]);
        for (std::uint64_t token : claims.writes)
            wave = std::max({wave, tokens_[token].after_write, tokens_[token].after_read});
        for (std::uint64_t token : claims.reads)
            wave = std::max(wave, tokens_[token].after_write);
        for (std::uint64_t token : claims.ordered)
            wave = std::max(wave, tokens_[token].ordered);
        if (claims.barrier) wave = static_cast<int>(waves_.size());
        settle(unit, wave);
    }

    void settle(std::uint32_t unit, int wave) {
        const Claims& claims = units_[unit];
        for (std::uint64_t token : claims.writes)
            tokens_[token].after_write = tokens_[token].after_read = wave + 1;
        for (std::uint64_t token : claims.reads)
            tokens_[token].after_read = std::max(tokens_[token].after_read, wave + 1);
        for (std::uint64_t token : claims.ordered)
            tokens_[token].ordered = wave;
        if (waves_.size() <= static_cast<std::size_t>(wave)) waves_.resize(static_cast<std::size_t>(wave) + 1);
        waves_[static_cast<std::size_t>(wave)].push_back(unit);
        if (wave_of_.empty()) wave_of_.resize(units_.size());
        wave_of_[unit] = wave;
        state_[unit] = State::placed;
        if (claims.barrier) floor_ = wave + 1;
    }

    std::span<const Claims> units_;
    std::vector<State> state_;
    std::vector<int> wave_of_;
    std::vector<std::vector<std::uint32_t>> waves_;
    std::unordered_map<std::uint64_t, Token> tokens_;
    int floor_ = 0;
};

}  // namespace

std::vector<std::vector<std::uint32_t>> plan_waves(std::span<const Claims> units) {
    return Planner(units).plan();
}

}  // namespace eryxon::core
