// Counting the bytes of request bodies.
#include "gateway/body_memory.hpp"

namespace eryxon::gateway {

bool BodyMemory::Share::grow_to(std::uint64_t bytes, bool for_file) {
    if (bytes <= bytes_) return true;
    std::uint64_t const more = bytes - bytes_;
    if (more > memory_.limit_ - memory_.used_) return false;
    if (for_file && more > for_files(memory_.limit_) - memory_.used_by_files_) return false;
    memory_.used_ += more;
    bytes_ = bytes;
    if (for_file) {
        memory_.used_by_files_ += more;
        file_bytes_ += more;
    }
    return true;
}

void BodyMemory::Share::release() {
    memory_.used_ -= bytes_;
    memory_.used_by_files_ -= file_bytes_;
    bytes_ = 0;
    file_bytes_ = 0;
}

}  // namespace eryxon::gateway
