// Large pieces of memory, in huge pages where the system has them: its first touch costs a fault for every page, which
// in a call of many records takes as long as reading them.
#pragma once

#include <cstddef>
#include <memory>

namespace eryxon::core {

// Memory of that size, aligned as malloc() does; throws std::bad_alloc.
void* allocate_large(std::size_t size);
void free_large(void* block);

// For vectors that may become large.
template <class T>
struct HugePageAllocator {
    using value_type = T;
    static_assert(alignof(T) <= alignof(std::max_align_t));

    HugePageAllocator() = default;
    template <class Other>
    HugePageAllocator(const HugePageAllocator<Other>&) {}

    T* allocate(std::size_t count) { return static_cast<T*>(allocate_large(count * sizeof(T))); }
    void deallocate(T* items, std::size_t) { free_large(items); }
    friend bool operator==(const HugePageAllocator&, const HugePageAllocator&) { return true; }
};

}  // namespace eryxon::core
