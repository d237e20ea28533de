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

std::size_t character_size(std::string_view bytes, std::size_t at) {
    auto const byte = [&](std::size_t place) { return static_cast<unsigned char>(bytes[place]); };
    unsigned const lead = byte(at);
    if (lead < 0x80) return 1;
    std::size_t const size = lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
    if (size == 0 || size > bytes.size() - at) return 0;
    for (std::size_t i = 1; i < size; i++)
        if ((byte(at + i) & 0xC0) != 0x80) return 0;
    unsigned const second = byte(at + 1);
    bool const overlong = (lead == 0xE0 && second < 0xA0) || (lead == 0xF0 && second < 0x90);
    bool const outside = (lead == 0xED && second > 0x9F) || (lead == 0xF4 && second > 0x8F);
    return overlong || outside ? 0 : size;
}

}  // namespace eryxon::core
