// The memory that request bodies under way may take, all connections together. Small bodies always find room; of the
// rest each caller may take as much as leaves a share for others.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

namespace eryxon::gateway {

class BodyMemory {
public:
    // What files may take of it: ordinary bodies find room in the rest, however many files are under way.
    static constexpr std::uint64_t for_files(std::uint64_t limit) { return limit / 4 * 3; }
    // Bodies up to so many bytes are not counted: connections are bounded, and so are these.
    static constexpr std::uint64_t small = 16 * 1024;
    // A caller that has more than one body here takes at most so many times what stays free.
    static constexpr std::uint64_t times_free = 3;

    explicit BodyMemory(std::uint64_t limit) : limit_(limit) {}

    std::uint64_t used() const { return used_; }

    // What one connection's request takes of it; given back at its end.
    class Share {
    public:
        explicit Share(BodyMemory& memory) : memory_(memory) {}
        Share(const Share&) = delete;
        Share& operator=(const Share&) = delete;
        ~Share() { release(); }

        // Says whose body it is; before anything is taken.
        void belong_to(std::string caller) { caller_ = std::move(caller); }
        // Takes up to that many bytes, for a file or another body; false, and nothing more is taken, if they are not
        // there for this caller.
        bool grow_to(std::uint64_t bytes, bool for_file = false);
        void release();

    private:
        bool has_room(std::uint64_t more, bool for_file) const;

        BodyMemory& memory_;
        std::string caller_;
        std::uint64_t bytes_ = 0;
        std::uint64_t file_bytes_ = 0;  // of them
    };

private:
    std::uint64_t limit_;
    std::uint64_t used_ = 0;
    std::uint64_t used_by_files_ = 0;
    std::unordered_map<std::string, std::uint64_t> used_by_;  // caller
};

}  // namespace eryxon::gateway
