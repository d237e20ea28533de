// The memory that request bodies under way may take, all connections together.
#pragma once

#include <cstdint>

namespace eryxon::gateway {

class BodyMemory {
public:
    // What files may take of it: ordinary bodies find room in the rest, however many files are under way.
    static constexpr std::uint64_t for_files(std::uint64_t limit) { return limit / 4 * 3; }

    explicit BodyMemory(std::uint64_t limit) : limit_(limit) {}

    std::uint64_t used() const { return used_; }

    // What one connection's request takes of it; given back at its end.
    class Share {
    public:
        explicit Share(BodyMemory& memory) : memory_(memory) {}
        Share(const Share&) = delete;
        Share& operator=(const Share&) = delete;
        ~Share() { release(); }

        // Takes up to that many bytes, for a file or another body; false, and nothing more is taken, if they are not
        // there.
        bool grow_to(std::uint64_t bytes, bool for_file = false);
        void release();

    private:
        BodyMemory& memory_;
        std::uint64_t bytes_ = 0;
        std::uint64_t file_bytes_ = 0;  // of them
    };

private:
    std::uint64_t limit_;
    std::uint64_t used_ = 0;
    std::uint64_t used_by_files_ = 0;
};

}  // namespace eryxon::gateway
