// Makes JSON trees for answers.
#include "core/json/json_build.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>

namespace eryxon::core {

JsonObject::JsonObject(JsonArena& arena, std::size_t expected) : arena_(arena) {
    grow(expected);
}

// Appends a member.
void JsonObject::add(std::string_view name, const Json& value) {
    if (count_ == capacity_) grow(2 * capacity_ + 1);
    std::construct_at(members_ + count_++, JsonMember{name, value});
}

// Moves to a larger place; the arena frees the old one at its end.
void JsonObject::grow(std::size_t capacity) {
    auto* const place = static_cast<JsonMember*>(arena_.allocate(capacity * sizeof(JsonMember), alignof(JsonMember)));
    std::uninitialized_copy_n(members_, count_, place);
    members_ = place;
    capacity_ = capacity;
}

Json make_string(std::string_view text, JsonArena& arena) {
    return Json::string(arena.copy(text));
}

Json make_number(std::int64_t number, JsonArena& arena) {
    std::array<char, 24> digits;
    const char* const end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    return Json::number(arena.copy({digits.data(), static_cast<std::size_t>(end - digits.data())}));
}

Json make_uuid(const Uuid& uuid, JsonArena& arena) {
    char* const text = static_cast<char*>(arena.allocate(uuid_length, 1));
    write_uuid(uuid, text);
    return Json::string({text, uuid_length});
}

std::string json_text(const Json& value) {
    std::string text;
    write_json(value, text);
    return text;
}

}  // namespace eryxon::core
