// Whatever parse_json takes must be JSON by simdjson's strict parser too (numbers aside, which that reads as doubles),
// and must come back as the same tree from its own text. What it refuses carries an SQLSTATE of jsonb's.
#include "core/json/json.hpp"
#include "core/json/number_token.hpp"
#include "input.hpp"

#include <simdjson.h>
#include <algorithm>
#include <array>
#include <string>

namespace {

using eryxon::require;
using eryxon::core::Json;
using eryxon::core::JsonMember;

// Checks what a tree promises: order, unique names, no NUL, valid UTF-8 and number tokens.
void check(const Json& value) {
    if (value.is_string()) {
        require(value.text().find('\0') == std::string_view::npos, "no NUL in strings");
        require(simdjson::validate_utf8(value.text().data(), value.text().size()), "valid UTF-8 in strings");
    }
    if (value.is_number()) require(eryxon::core::scan_number(value.text()).has_value(), "valid number tokens");
    if (value.is_array()) std::for_each(value.items().begin(), value.items().end(), check);
    if (!value.is_object()) return;
    const JsonMember* last = nullptr;
    for (const JsonMember& member : value.members()) {
        if (last != nullptr)
            require(eryxon::core::canonical_less(last->name, member.name), "members sorted and unique");
        require(value.find(member.name) == &member.value, "find() finds each member");
        check(member.value);
        last = &member;
    }
}

// Compares trees node by node.
bool equal(const Json& a, const Json& b) {
    if (a.type() != b.type()) return false;
    if (a.is_boolean()) return a.as_bool() == b.as_bool();
    if (a.is_string() || a.is_number()) return a.text() == b.text();
    if (a.is_array()) return std::equal(a.items().begin(), a.items().end(), b.items().begin(), b.items().end(), equal);
    if (!a.is_object()) return true;
    const auto same = [](const JsonMember& x, const JsonMember& y) {
        return x.name == y.name && equal(x.value, y.value);
    };
    return std::equal(a.members().begin(), a.members().end(), b.members().begin(), b.members().end(), same);
}

// True if simdjson's DOM parser, which checks the whole document, takes the text, or refuses only a number's size
// or a depth beyond its own limit.
bool strictly_json(std::string_view text) {
    simdjson::dom::parser parser;
    const auto error = parser.parse(simdjson::padded_string(text)).error();
    return error == simdjson::SUCCESS || error == simdjson::NUMBER_ERROR || error == simdjson::DEPTH_ERROR;
}

// Checks the SQLSTATE of a refusal; a plain fault of syntax must not hit what the strict parser takes.
void check_refusal(std::string_view text, const eryxon::core::CallError& error) {
    constexpr std::array<std::string_view, 5> known{"22P02", "22P05", "22021", "54001", "22003"};
    const std::string& sqlstate = error.faults().front().sqlstate;
    require(std::find(known.begin(), known.end(), sqlstate) != known.end(), "a known SQLSTATE");
    if (sqlstate != "22P02" || text.find("\\u") != std::string_view::npos) return;
    simdjson::dom::parser parser;
    const auto strict = parser.parse(simdjson::padded_string(text)).error();
    require(strict != simdjson::SUCCESS || text.starts_with("\xef\xbb\xbf"), "what is JSON is taken");
}

}  // namespace

// One input of the fuzzer.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = eryxon::text_of(data, size);
    eryxon::core::JsonArena arena;
    Json tree;
    try {
        tree = eryxon::core::parse_json(text, arena);
    } catch (const eryxon::core::CallError& error) {
        check_refusal(text, error);
        return 0;
    }
    require(strictly_json(text), "what is taken is JSON");
    check(tree);
    std::string written;
    write_json(tree, written);
    const Json again = eryxon::core::parse_json(written, arena);
    require(equal(tree, again), "the same tree from the written text");
    std::string rewritten;
    write_json(again, rewritten);
    require(written == rewritten, "the same text from the same tree");
    return 0;
}
