// Memory for one step of a call, given back as soon as the step is over.
#pragma once

#include "pg/server/boundary.hpp"

namespace eryxon::pg {

namespace detail {

MemoryContext begin_temporary_context();
void end_temporary_context(MemoryContext context, MemoryContext before);

}  // namespace detail

// Runs the work in a memory context of its own.
template <class Work>
void with_temporary_context(Work&& work) {
    MemoryContext const before = CurrentMemoryContext;
    MemoryContext const context = detail::begin_temporary_context();
    try {
        work();
    } catch (...) {
        detail::end_temporary_context(context, before);
        throw;
    }
    detail::end_temporary_context(context, before);
}

}  // namespace eryxon::pg
