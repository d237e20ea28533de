// Preconditions that are checked in tests: with sanitizers, and in a server with assertions. Releases have none.
#pragma once

#ifdef ERYXON_ASSERTIONS
#include <cstdio>
#include <cstdlib>

namespace eryxon::core {

// Ends the process as PostgreSQL's Assert() does, with a line that tests look for in the log.
[[noreturn]] inline void assertion_failed(const char* condition, const char* file, int line) {
    std::fprintf(stderr, "TRAP: failed ERYXON_ASSERT(\"%s\"), File: \"%s\", Line: %d\n", condition, file, line);
    std::abort();
}

}  // namespace eryxon::core

#define ERYXON_ASSERT(condition) \
    ((condition) ? static_cast<void>(0) : ::eryxon::core::assertion_failed(#condition, __FILE__, __LINE__))
#else
#define ERYXON_ASSERT(condition) static_cast<void>(sizeof(!(condition)))
#endif
