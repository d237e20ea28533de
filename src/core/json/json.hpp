// A parsed JSON document: small immutable nodes in an arena, built from JSON text (simdjson) or,
// in pg/, from jsonb. Both ways give equal trees for equal documents.
#pragma once

#include "core/base/assert.hpp"
#include "core/base/error.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace eryxon::core {

// Deepest nesting that is taken; deeper documents are refused with 54001, as jsonb refuses them.
inline constexpr int max_json_depth = 1000;

enum class JsonType : std::uint8_t { null, boolean, number, string, array, object };

struct JsonMember;

// A JSON value. Trivially copyable; what it points to lives as long as its arena.
class Json {
public:
    constexpr Json() = default;
    static Json null() { return {}; }
    static Json boolean(bool value);
    static Json number(std::string_view token);  // a valid JSON number token
    static Json string(std::string_view utf8);   // unescaped, valid UTF-8, no NUL
    static Json array(std::span<const Json> items);
    // Names are unique, and in canonical order unless the object is only for writing.
    static Json object(std::span<const JsonMember> members);

    JsonType type() const { return type_; }
    bool is_null() const { return type_ == JsonType::null; }
    bool is_object() const { return type_ == JsonType::object; }
    bool is_array() const { return type_ == JsonType::array; }
    bool is_string() const { return type_ == JsonType::string; }
    bool is_number() const { return type_ == JsonType::number; }
    bool is_boolean() const { return type_ == JsonType::boolean; }
    bool is_scalar() const { return type_ < JsonType::array; }

    bool as_bool() const {
        ERYXON_ASSERT(is_boolean());
        return size_ != 0;
    }
    // A string's characters or a number's token.
    std::string_view text() const {
        ERYXON_ASSERT(is_string() || is_number());
        return {static_cast<const char*>(data_), size_};
    }
    std::span<const Json> items() const;          // of an array
    std::span<const JsonMember> members() const;  // of an object, in RFC 8785 order
    // The member of that name, or nullptr.
    const Json* find(std::string_view name) const;
    // True of a member's value in whose place an array of objects stood, under the same name in the same object. Only
    // text can hold such members; where they are records, who reads them refuses to lose them.
    bool displaces_records() const { return displaces_records_; }
    void mark_displacing() { displaces_records_ = true; }

private:
    const void* data_ = nullptr;
    std::uint32_t size_ = 0;
    JsonType type_ = JsonType::null;
    bool displaces_records_ = false;
};

struct JsonMember {
    std::string_view name;
    Json value;
};

// Owns the memory of documents: bump allocation, freed all at once.
class JsonArena {
public:
    JsonArena();
    ~JsonArena();
    JsonArena(const JsonArena&) = delete;
    JsonArena& operator=(const JsonArena&) = delete;

    std::string_view copy(std::string_view text);
    Json array(std::span<const Json> items);  // copies the items
    // Copies the members, brings them into canonical order; of equal names the last one wins.
    Json object(std::span<const JsonMember> members);
    void* allocate(std::size_t bytes, std::size_t alignment);
    std::size_t bytes() const;  // in use, for memory accounting
    // Forgets what it holds; a block is kept for what comes if there is but one.
    void clear();
    // The value with containers of its own; strings and numbers refer to the same characters.
    Json keep(const Json& value);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// Parses one document. The text is copied into the arena as far as needed. Throws CallError with the
// SQLSTATE that jsonb gives: 22P02 invalid syntax or lone surrogate, 22P05 \u0000, 54001 too deep,
// 22003 a number beyond numeric (more than 131072 digits before or 16383 after the point).
Json parse_json(std::string_view text, JsonArena& arena);

// Parses one document likewise. If it is an array, its items are handed over one by one, and nothing is returned: the
// tree of each lasts until the next one is read, its characters as long as the arena. Any other document is returned.
std::optional<Json> parse_items(std::string_view text, JsonArena& arena, const std::function<void(const Json&)>& take);

// True if a sorts before b by UTF-16 code units (RFC 8785, section 3.2.3).
bool canonical_less(std::string_view a, std::string_view b);

// Appends the value as compact JSON text, members in canonical order, numbers as their tokens.
void write_json(const Json& value, std::string& out);
// Appends the string with quotes and escapes, as RFC 8785 section 3.2.2.2 wants it.
void write_json_string(std::string_view text, std::string& out);
// The string as JSON text.
std::string json_string(std::string_view text);
// Appends a member of an object whose value is a string, without a comma.
void write_json_member(std::string_view name, std::string_view text, std::string& out);

}  // namespace eryxon::core
