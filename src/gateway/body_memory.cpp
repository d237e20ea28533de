// Counting the bytes of request bodies.
#include "gateway/body_memory.hpp"

namespace eryxon::gateway {

bool BodyMemory::Share::grow_to(std::uint64_t bytes) {
    if (bytes <= bytes_) return true;
    if (bytes - bytes_ > memory_.limit_ - memory_.used_) return false;
    memory_.used_ += bytes - bytes_;
    bytes_ = bytes;
    return true;
}

void BodyMemory::Share::release() {
    memory_.used_ -= bytes_;
    bytes_ = 0;
}

}  // namespace eryxon::gateway
