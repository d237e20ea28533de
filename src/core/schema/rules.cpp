// Reads a rule of the registry, key by key; everything that is not understood is refused.
#include "core/schema/rules.hpp"

#include "core/json/decimal.hpp"
#include "core/json/fault_text.hpp"

#include <algorithm>
#include <array>
#include <limits>

namespace eryxon::core {

namespace {

constexpr std::size_t greatest_identifier_length = 63;
constexpr std::size_t greatest_alias_length = 255;

[[noreturn]] void refuse(std::string path, std::string message, const Json& value) {
    throw CallError(Fault{Code::invalid_option, std::move(path), std::move(message), shown_value(value)});
}

[[noreturn]] void refuse_type(std::string path, std::string_view expected, const Json& value) {
    refuse(std::move(path), "expected " + std::string(expected) + ", not " + std::string(type_phrase(value.type())),
           value);
}

// True for ^[a-z][a-z0-9_]{0,47}$.
bool is_name(std::string_view text) {
    const auto is_lower = [](char c) { return c >= 'a' && c <= 'z'; };
    return !text.empty() && text.size() <= 48 && is_lower(text.front()) &&
           std::all_of(text.begin(), text.end(),
                       [&](char c) { return is_lower(c) || (c >= '0' && c <= '9') || c == '_'; });
}

std::string read_text(std::string_view path, const Json& value) {
    if (!value.is_string()) refuse_type(std::string(path), "a string", value);
    return std::string(value.text());
}

// A name of an entity or of a child array.
std::string read_name(std::string_view path, const Json& value) {
    std::string name = read_text(path, value);
    if (!is_name(name))
        refuse(std::string(path),
               "invalid name " + quoted(value) + ", expected lower-case letters, digits and underscores", value);
    return name;
}

bool read_flag(std::string_view path, const Json& value) {
    if (!value.is_boolean()) refuse_type(std::string(path), "a boolean", value);
    return value.as_bool();
}

// A limit of a number's value, as its token.
std::string read_number(std::string_view path, const Json& value) {
    if (!value.is_number()) refuse_type(std::string(path), "a number", value);
    return std::string(value.text());
}

int read_length(std::string_view path, const Json& value) {
    const auto number = value.is_number() ? parse_decimal(value.text()) : std::nullopt;
    const auto length = number && number->is_integer() ? to_int64(*number) : std::nullopt;
    if (!length || *length < 0 || *length > std::numeric_limits<int>::max())
        refuse(std::string(path), "invalid length " + quoted(value) + ", expected an integer that is not negative",
               value);
    return static_cast<int>(*length);
}

std::string element_path(std::string_view path, std::size_t index) {
    return std::string(path) + '[' + std::to_string(index) + ']';
}

std::vector<std::string> read_texts(std::string_view path, const Json& value) {
    if (!value.is_array()) refuse_type(std::string(path), "an array of strings", value);
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < value.items().size(); ++i)
        texts.push_back(read_text(element_path(path, i), value.items()[i]));
    return texts;
}

// A copy of the value, down to its leaves.
Json copy_json(const Json& value, JsonArena& arena) {
    switch (value.type()) {
        case JsonType::number:
            return Json::number(arena.copy(value.text()));
        case JsonType::string:
            return Json::string(arena.copy(value.text()));
        case JsonType::array: {
            std::vector<Json> items;
            for (const Json& item : value.items())
                items.push_back(copy_json(item, arena));
            return arena.array(items);
        }
        case JsonType::object: {
            std::vector<JsonMember> members;
            for (const JsonMember& member : value.members())
                members.push_back({arena.copy(member.name), copy_json(member.value, arena)});
            return arena.object(members);
        }
        default:
            return value;
    }
}

void read_column(Field& field, std::string_view path, const Json& value, JsonArena&) {
    field.column_name = read_text(path, value);
    if (field.column_name.empty() || field.column_name.size() > greatest_identifier_length)
        refuse(std::string(path), "invalid column name " + quoted(value), value);
}

void read_aliases(Field& field, std::string_view path, const Json& value, JsonArena&) {
    field.aliases = read_texts(path, value);
    for (std::size_t i = 0; i < field.aliases.size(); ++i) {
        const std::string& alias = field.aliases[i];
        if (alias.empty() || alias.size() > greatest_alias_length || is_reserved_name(alias))
            refuse(element_path(path, i), "invalid alias " + quoted(alias) + ": empty, too long or reserved",
                   value.items()[i]);
    }
}

// "next" stands for the greatest live value plus one.
void read_default(Field& field, std::string_view, const Json& value, JsonArena& arena) {
    field.default_next = value.is_string() && value.text() == "next";
    if (!field.default_next)
        field.default_value = new (arena.allocate(sizeof(Json), alignof(Json))) Json(copy_json(value, arena));
}

void read_value_aliases(Field& field, std::string_view path, const Json& value, JsonArena& arena) {
    if (!value.is_object()) refuse_type(std::string(path), "an object", value);
    for (const JsonMember& member : value.members())
        field.value_aliases.insert_or_assign(std::string(member.name), copy_json(member.value, arena));
}

void read_write(Field& field, std::string_view path, const Json& value, JsonArena&) {
    const std::string word = read_text(path, value);
    if (word == "always")
        field.write = Write::always;
    else if (word == "create")
        field.write = Write::create;
    else if (word == "forward")
        field.write = Write::forward;
    else if (word == "until_started")
        field.write = Write::until_started;
    else
        refuse(std::string(path),
               "invalid value " + quoted(value) + ", expected one of: always, create, forward, until_started", value);
}

bool read_match(std::string_view path, const Json& value) {
    const std::string word = read_text(path, value);
    if (word != "external_id" && word != "name")
        refuse(std::string(path), "invalid value " + quoted(value) + ", expected one of: external_id, name", value);
    return word == "name";
}

void read_reference(Field& field, std::string_view path, const Json& value, JsonArena&) {
    if (!value.is_object()) refuse_type(std::string(path), "an object", value);
    Reference reference;
    for (const JsonMember& member : value.members()) {
        const std::string inner = std::string(path) + '.' + shorten(member.name, shown_in_value);
        if (member.name == "entity")
            reference.entity = read_name(inner, member.value);
        else if (member.name == "match")
            reference.by_name = read_match(inner, member.value);
        else if (member.name == "parent")
            reference.parent = read_flag(inner, member.value);
        else if (member.name == "children")
            reference.children_key = member.value.is_null() ? std::string() : read_name(inner, member.value);
        else
            refuse(inner, "unknown key " + quoted(member.name) + ", expected one of: entity, match, parent, children",
                   member.value);
    }
    if (reference.entity.empty()) refuse(std::string(path), "key \"entity\" is missing", value);
    if (!reference.children_key.empty() && (!reference.parent || is_reserved_name(reference.children_key)))
        refuse(std::string(path) + ".children",
               "only a reference with \"parent\": true has children, and not under a reserved name", value);
    field.reference = std::move(reference);
}

using Reader = void (*)(Field& field, std::string_view path, const Json& value, JsonArena& arena);

struct Key {
    std::string_view name;
    Reader read;
    bool of_references;  // also allowed beside "references"
};

constexpr std::array<Key, 13> known_keys = {{
    {"column", read_column, true},
    {"aliases", read_aliases, false},
    {"default", read_default, false},
    {"required",
     [](Field& field, std::string_view path, const Json& value, JsonArena&) {
         field.required = read_flag(path, value);
     },
     true},
    {"enum",
     [](Field& field, std::string_view path, const Json& value, JsonArena&) {
         field.allowed = read_texts(path, value);
     },
     false},
    {"value_aliases", read_value_aliases, true},
    {"min",
     [](Field& field, std::string_view path, const Json& value, JsonArena&) { field.min = read_number(path, value); },
     false},
    {"max",
     [](Field& field, std::string_view path, const Json& value, JsonArena&) { field.max = read_number(path, value); },
     false},
    {"min_length",
     [](Field& field, std::string_view path, const Json& value, JsonArena&) {
         field.min_length = read_length(path, value);
     },
     false},
    {"max_length",
     [](Field& field, std::string_view path, const Json& value, JsonArena&) {
         field.max_length = read_length(path, value);
     },
     false},
    {"pattern",
     [](Field& field, std::string_view path, const Json& value, JsonArena&) { field.pattern = read_text(path, value); },
     false},
    {"write", read_write, true},
    {"references", read_reference, true},
}};

const Key& find_key(const JsonMember& member) {
    const auto key = std::find_if(known_keys.begin(), known_keys.end(),
                                  [&](const Key& candidate) { return candidate.name == member.name; });
    if (key != known_keys.end()) return *key;
    std::string names;
    for (const Key& known : known_keys)
        names += (&known == known_keys.data() ? "" : ", ") + std::string(known.name);
    throw CallError(Fault{Code::invalid_option,
                          shorten(member.name, shown_in_value),
                          "unknown key " + quoted(member.name),
                          shown_value(member.value),
                          {},
                          "Known keys are " + names + '.'});
}

// Checks what only several keys together tell.
void check_field(const Field& field, const Json& rule) {
    for (const JsonMember& member : rule.members())
        if (field.reference && !member.value.is_null() && !find_key(member).of_references)
            refuse(std::string(member.name), "key " + quoted(member.name) + " cannot be combined with \"references\"",
                   member.value);
    if (field.write == Write::forward && (field.reference || field.allowed.size() < 2))
        refuse("write", "\"forward\" needs an \"enum\" of at least two values in their order", rule);
    if (field.write == Write::until_started && field.reference)
        refuse("write", "\"until_started\" cannot be combined with \"references\"", rule);
    if (is_reserved_name(field.column_name))
        refuse("column", "column " + quoted(field.column_name) + " is never written from a record", rule);
}

}  // namespace

Field read_rule(std::string_view name, const Json& rule, JsonArena& arena) {
    if (!is_name(name) || is_reserved_name(name))
        throw CallError(
            Code::invalid_option, "invalid field name " + quoted(name),
            "A field's name has 1 to 48 lower-case letters, digits and underscores, begins with a letter, and is not "
            "one of the names that the extension keeps for itself.");
    if (!rule.is_object()) refuse_type({}, "a rule as a JSON object", rule);
    Field field;
    field.name = name;
    for (const JsonMember& member : rule.members()) {
        const Key& key = find_key(member);
        if (!member.value.is_null()) key.read(field, key.name, member.value, arena);
    }
    if (field.column_name.empty()) field.column_name = field.reference ? field.name + "_id" : field.name;
    check_field(field, rule);
    return field;
}

}  // namespace eryxon::core
