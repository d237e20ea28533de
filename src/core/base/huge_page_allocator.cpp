// Asks the system for huge pages.
#include "core/base/huge_page_allocator.hpp"

#include <sys/mman.h>
#include <cstdlib>
#include <new>

namespace eryxon::core {

namespace {

constexpr std::size_t huge_page = std::size_t{1} << 21;

}  // namespace

// Only whole huge pages are asked for: the rest of the last one would be wasted.
void* allocate_large(std::size_t size) {
    const std::size_t whole = size / huge_page * huge_page;
    const std::size_t rounded = (size + huge_page - 1) / huge_page * huge_page;
    void* const block = whole == 0 ? std::malloc(size) : std::aligned_alloc(huge_page, rounded);
    if (block == nullptr) throw std::bad_alloc();
#ifdef MADV_HUGEPAGE
    if (whole > 0) madvise(block, whole, MADV_HUGEPAGE);
#endif
    return block;
}

void free_large(void* block) {
    std::free(block);
}

}  // namespace eryxon::core
