// Memory for one step of a call, given back as soon as the step is over.
#pragma once

#include "pg/server/boundary.hpp"

namespace eryxon::pg {

namespace detail {

MemoryContext begin_scratch();
void end_scratch(MemoryContext scratch, MemoryContext before);

}  // namespace detail

// Runs the work in a memory context of its own.
template <class Work>
void with_scratch(Work&& work) {
    MemoryContext const before = CurrentMemoryContext;
    MemoryContext const scratch = detail::begin_scratch();
    try {
        work();
    } catch (...) {
        detail::end_scratch(scratch, before);
        throw;
    }
    detail::end_scratch(scratch, before);
}

}  // namespace eryxon::pg
