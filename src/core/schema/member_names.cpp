// Builds and searches the table of an entity's member names.
#include "core/schema/member_names.hpp"

#include "core/base/bytes8.hpp"
#include "core/schema/schema.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace eryxon::core {

namespace {

constexpr std::array<std::string_view, 8> read_only_names = {"id",        "tenant_id", "created_at", "updated_at",
                                                             "synced_at", "sync_hash", "deleted_at", "deleted_by"};

// Reads up to eight bytes into a number.
std::uint64_t load(const char* bytes, std::size_t size) {
    std::uint64_t word = 0;
    if (size >= 8) {
        std::memcpy(&word, bytes, 8);
        return word;
    }
    for (std::size_t i = 0; i < size; ++i)
        word = word << 8 | static_cast<unsigned char>(bytes[i]);
    return word;
}

// Mixes length, head and tail of a short name.
std::size_t hash_name(std::string_view name) {
    const std::size_t part = std::min<std::size_t>(name.size(), 8);
    std::uint64_t hash = load(name.data(), part) * 0x9e3779b97f4a7c15ULL;
    hash ^= std::rotl(load(name.data() + name.size() - part, part) + name.size(), 29) * 0xbf58476d1ce4e5b9ULL;
    return static_cast<std::size_t>(hash ^ hash >> 32);
}

}  // namespace

bool is_read_only_name(std::string_view name) {
    return std::find(read_only_names.begin(), read_only_names.end(), name) != read_only_names.end();
}

bool is_reserved_name(std::string_view name) {
    return name.starts_with('_') || name == "external_id" || name == "external_source" || is_read_only_name(name);
}

// Numbers all names of the entity and fills the buckets; of equal names the earlier kind wins, aliases come last.
void MemberNames::build(const Entity& entity) {
    *this = {};
    add("external_id", Role::external_id, 0);
    add("external_source", Role::external_source, 0);
    add("_op", Role::operation, 0);
    for (const std::string_view name : read_only_names)
        add(std::string(name), Role::read_only, 0);
    for (std::size_t i = 0; i < entity.children.size(); ++i)
        add(entity.children[i].key, Role::children, static_cast<int>(i));
    for (std::size_t i = 0; i < entity.fields.size(); ++i)
        add_field(entity, static_cast<int>(i));
    field_begin_.push_back(size());

    buckets_.assign(std::bit_ceil(names_.size() * 2 + 2), -1);
    const auto is_alias = [&](const MemberName& name) {
        return name.role == Role::field && name.text != entity.fields[static_cast<std::size_t>(name.index)].name;
    };
    for (const bool aliases : {false, true})
        for (int number = 0; number < size(); ++number)
            if (is_alias((*this)[number]) == aliases) add_to_buckets(number);
}

// Gives the name the next number.
void MemberNames::add(std::string text, Role role, int index) {
    longest_ = std::max(longest_, text.size());
    names_.push_back({std::move(text), role, index});
}

// Adds all names of one field.
void MemberNames::add_field(const Entity& entity, int index) {
    const Field& field = entity.fields[static_cast<std::size_t>(index)];
    field_begin_.push_back(size());
    if (!field.reference) {
        add(field.name, Role::field, index);
        for (const std::string& alias : field.aliases)
            add(alias, Role::field, index);
        return;
    }
    for (const std::string_view form : {"_id", "_external_id", "_external_source"})
        add(field.name + std::string(form), Role::reference_form, index);
    if (field.reference->by_name) add(field.name + "_name", Role::reference_form, index);
}

// Makes the name findable unless another one has the same text.
void MemberNames::add_to_buckets(int number) {
    const std::string& text = (*this)[number].text;
    const std::size_t mask = buckets_.size() - 1;
    std::size_t bucket = hash_name(text) & mask;
    for (; buckets_[bucket] >= 0; bucket = (bucket + 1) & mask)
        if ((*this)[buckets_[bucket]].text == text) return;
    buckets_[bucket] = number;
}

int MemberNames::find(std::string_view name) const {
    if (name.empty() || name.size() > longest_) return -1;
    const std::size_t mask = buckets_.size() - 1;
    for (std::size_t bucket = hash_name(name) & mask; buckets_[bucket] >= 0; bucket = (bucket + 1) & mask)
        if ((*this)[buckets_[bucket]].text == name) return buckets_[bucket];
    return -1;
}

int MemberLookup::find(const MemberNames& names, std::size_t place, std::string_view name) {
    if (place >= last_.size()) return names.find(name);
    if (names_ != &names) last_.fill(-1);
    names_ = &names;
    int& last = last_[place];
    if (last < 0 || !equal_names(names[last].text, name)) last = names.find(name);
    return last;
}

NameRange MemberNames::of_field(int field) const {
    const auto at = static_cast<std::size_t>(field);
    return {field_begin_[at], field_begin_[at + 1]};
}

}  // namespace eryxon::core
