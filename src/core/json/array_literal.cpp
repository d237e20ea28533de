// PostgreSQL's own form of an array.
#include "core/json/array_literal.hpp"

#include "core/json/json_build.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace eryxon::core {

namespace {

bool is_null_word(std::string_view text) {
    return text.size() == 4 && std::equal(text.begin(), text.end(), "null",
                                          [](char c, char small) { return c == small || c == small - 'a' + 'A'; });
}

// An element of PostgreSQL's own form of an array, up to the comma or brace behind it; nothing if there is none.
std::optional<Json> take_element(std::string_view& rest, JsonArena& arena) {
    bool const quoted = rest.starts_with('"');
    std::string text;
    std::size_t at = quoted ? 1 : 0;
    for (; at < rest.size() && (quoted ? rest[at] != '"' : rest[at] != ',' && rest[at] != '}'); at++) {
        if (rest[at] == '\\') at++;
        if (at < rest.size()) text += rest[at];
    }
    rest.remove_prefix(std::min(at + quoted, rest.size()));
    if (rest.empty() || (rest.front() != ',' && rest.front() != '}')) return std::nullopt;
    return !quoted && is_null_word(text) ? Json::null() : make_string(text, arena);
}

}  // namespace

std::optional<Json> parse_array_literal(std::string_view text, JsonArena& arena) {
    std::vector<Json> items;
    if (text == "{}") return arena.array(items);
    std::string_view rest = text;
    while (rest.size() > 1) {
        rest.remove_prefix(1);
        std::optional<Json> const item = take_element(rest, arena);
        if (!item) return std::nullopt;
        items.push_back(*item);
        if (rest == "}") return arena.array(items);
    }
    return std::nullopt;
}

}  // namespace eryxon::core
