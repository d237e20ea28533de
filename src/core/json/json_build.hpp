// Making JSON trees for answers.
#pragma once

#include "core/base/uuid.hpp"
#include "core/json/json.hpp"

namespace eryxon::core {

// An object on its way into an arena. It keeps the order in which its members are added, so it is for writing: find()
// wants canonical order. Names are unique and live as long as the arena, as literals do.
class JsonObject {
public:
    // `expected`: how many members it will have; more are taken too.
    JsonObject(JsonArena& arena, std::size_t expected);

    void add(std::string_view name, const Json& value);
    // A string that lives as long as the arena.
    void add(std::string_view name, std::string_view text) { add(name, Json::string(text)); }

    JsonArena& arena() const { return arena_; }
    Json json() const { return Json::object({members_, count_}); }

private:
    void grow(std::size_t capacity);

    JsonArena& arena_;
    JsonMember* members_ = nullptr;
    std::size_t count_ = 0;
    std::size_t capacity_ = 0;
};

// Values whose characters the arena keeps.
Json make_string(std::string_view text, JsonArena& arena);
Json make_number(std::int64_t number, JsonArena& arena);
Json make_uuid(const Uuid& uuid, JsonArena& arena);

// The value as compact JSON text.
std::string json_text(const Json& value);

}  // namespace eryxon::core
