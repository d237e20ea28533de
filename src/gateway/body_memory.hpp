// The memory that request bodies under way may take, all connections together.
#pragma once

#include <cstdint>

namespace eryxon::gateway {

class BodyMemory {
public:
    explicit BodyMemory(std::uint64_t limit) : limit_(limit) {}

    std::uint64_t used() const { return used_; }

    // What one connection's request takes of it; given back at its end.
    class Share {
    public:
        explicit Share(BodyMemory& memory) : memory_(memory) {}
        Share(const Share&) = delete;
        Share& operator=(const Share&) = delete;
        ~Share() { release(); }

        // Takes up to that many bytes; false, and nothing more is taken, if they are not there.
        bool grow_to(std::uint64_t bytes);
        void release();

    private:
        BodyMemory& memory_;
        std::uint64_t bytes_ = 0;
    };

private:
    std::uint64_t limit_;
    std::uint64_t used_ = 0;
};

}  // namespace eryxon::gateway
