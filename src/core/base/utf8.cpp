// UTF-8 is checked by simdjson, which takes the best instructions that this processor has.
#include "core/base/utf8.hpp"

#include <simdjson.h>

// Newer headers show one implementation only; their library finds the best one without allocating.
#ifndef SIMDJSON_BUILTIN_IMPLEMENTATION_ID

namespace eryxon::core {

namespace {

// The implementation if this processor runs it.
template <class Implementation>
const simdjson::implementation* if_supported() {
    static const Implementation implementation;
    return implementation.supported_by_runtime_system() ? &implementation : nullptr;
}

// The best implementation. libsimdjson itself looks for it at its first use, in functions that allocate and may not
// throw: the process would end where memory is short.
const simdjson::implementation* best_implementation() {
#if SIMDJSON_IMPLEMENTATION_ICELAKE
    if (const auto* best = if_supported<simdjson::icelake::implementation>()) return best;
#endif
#if SIMDJSON_IMPLEMENTATION_HASWELL
    if (const auto* best = if_supported<simdjson::haswell::implementation>()) return best;
#endif
#if SIMDJSON_IMPLEMENTATION_WESTMERE
    if (const auto* best = if_supported<simdjson::westmere::implementation>()) return best;
#endif
#if SIMDJSON_IMPLEMENTATION_ARM64
    if (const auto* best = if_supported<simdjson::arm64::implementation>()) return best;
#endif
#if SIMDJSON_IMPLEMENTATION_PPC64
    if (const auto* best = if_supported<simdjson::ppc64::implementation>()) return best;
#endif
#if SIMDJSON_IMPLEMENTATION_FALLBACK
    if (const auto* best = if_supported<simdjson::fallback::implementation>()) return best;
#endif
    return nullptr;
}

}  // namespace

}  // namespace eryxon::core

namespace simdjson {

// In place of libsimdjson's own: without memory it throws, and the next call tries again.
internal::atomic_ptr<const implementation>& get_active_implementation() {
    static internal::atomic_ptr<const implementation> active(eryxon::core::best_implementation());
    return active;
}

}  // namespace simdjson

#endif

namespace eryxon::core {

bool is_utf8(std::string_view bytes) {
    return simdjson::get_active_implementation()->validate_utf8(bytes.data(), bytes.size());
}

}  // namespace eryxon::core
