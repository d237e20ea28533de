// Counting the bytes of request bodies.
#include "gateway/api/body_memory.hpp"

namespace eryxon::gateway {

// True if so many bytes are there for the caller. Its only body may take what is free.
bool BodyMemory::Share::has_room(std::uint64_t more, bool for_file) const {
    if (more > memory_.limit_ - memory_.used_) return false;
    if (for_file && more > for_files(memory_.limit_) - memory_.used_by_files_) return false;
    auto const found = memory_.used_by_.find(caller_);
    std::uint64_t const used = found == memory_.used_by_.end() ? 0 : found->second;
    std::uint64_t const free = memory_.limit_ - memory_.used_ - more;
    return used == bytes_ || used + more <= times_free * free;
}

bool BodyMemory::Share::grow_to(std::uint64_t bytes, bool for_file) {
    if (bytes <= bytes_ || bytes <= small) return true;
    std::uint64_t const more = bytes - bytes_;
    if (!has_room(more, for_file)) return false;
    memory_.used_by_[caller_] += more;
    memory_.used_ += more;
    bytes_ = bytes;
    if (for_file) {
        memory_.used_by_files_ += more;
        file_bytes_ += more;
    }
    return true;
}

void BodyMemory::Share::release() {
    auto const found = memory_.used_by_.find(caller_);
    if (found != memory_.used_by_.end() && (found->second -= bytes_) == 0) memory_.used_by_.erase(found);
    memory_.used_ -= bytes_;
    memory_.used_by_files_ -= file_bytes_;
    bytes_ = 0;
    file_bytes_ = 0;
    caller_.clear();
}

}  // namespace eryxon::gateway
