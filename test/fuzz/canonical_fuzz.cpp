// The canonical form is JSON, its own canonical form, has the same hash, and holds each number exactly.
#include "core/json/canonical.hpp"

#include "core/json/decimal.hpp"
#include "input.hpp"

#include <string>

namespace {

using eryxon::require;
using eryxon::core::Json;

// Compares a tree with the one read from its canonical form: strings equal, numbers equal in value.
void check_same(const Json& before, const Json& after) {
    require(before.type() == after.type(), "types stay");
    if (before.is_string()) require(before.text() == after.text(), "strings stay");
    if (before.is_boolean()) require(before.as_bool() == after.as_bool(), "booleans stay");
    if (before.is_number()) {
        const auto a = eryxon::core::parse_decimal(before.text());
        const auto b = eryxon::core::parse_decimal(after.text());
        require(a && b && compare(*a, *b) == 0, "numbers keep their value");
    }
    if (before.is_array()) {
        require(before.items().size() == after.items().size(), "items stay");
        for (std::size_t i = 0; i < before.items().size(); ++i)
            check_same(before.items()[i], after.items()[i]);
    }
    if (before.is_object()) {
        require(before.members().size() == after.members().size(), "members stay");
        for (std::size_t i = 0; i < before.members().size(); ++i) {
            require(before.members()[i].name == after.members()[i].name, "names stay in order");
            check_same(before.members()[i].value, after.members()[i].value);
        }
    }
}

}  // namespace

// One input of the fuzzer.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    eryxon::core::JsonArena arena;
    Json tree;
    try {
        tree = eryxon::core::parse_json(eryxon::text_of(data, size), arena);
    } catch (const eryxon::core::CallError&) {
        return 0;
    }
    std::string canonical;
    write_canonical(tree, canonical);
    const Json again = eryxon::core::parse_json(canonical, arena);
    check_same(tree, again);
    std::string repeated;
    write_canonical(again, repeated);
    require(canonical == repeated, "the canonical form is its own canonical form");
    require(sync_hash(tree) == eryxon::core::sha256_hex(canonical), "the hash is that of the canonical form");
    return 0;
}
