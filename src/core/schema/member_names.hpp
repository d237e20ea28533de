// The names that the members of an entity's records may have, found by hash.
#pragma once

#include "core/base/core.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace eryxon::core {

struct Entity;

// What a member of a record is for.
enum class Role : std::uint8_t {
    external_id,
    external_source,
    operation,  // _op
    read_only,
    children,
    field,          // a field's name or one of its aliases
    reference_form  // <field>_id, <field>_external_id, <field>_external_source, <field>_name
};

struct MemberName {
    std::string text;
    Role role;
    int index;  // of the field or of the child array in its entity
};

// A range of names: [begin, end).
struct NameRange {
    int begin = 0;
    int end = 0;
};

// All names of one entity, numbered: the key's first, then each field's own in the order in which they count.
class MemberNames {
public:
    static constexpr int external_id = 0;
    static constexpr int external_source = 1;
    static constexpr int operation = 2;

    void build(const Entity& entity);
    // The number of the name, or -1.
    int find(std::string_view name) const;
    int size() const { return static_cast<int>(names_.size()); }
    const MemberName& operator[](int number) const { return names_[static_cast<std::size_t>(number)]; }
    // The names of a field: its name and aliases; of a reference: _id, _external_id, _external_source and, by name,
    // _name.
    NameRange of_field(int field) const;

private:
    void add(std::string text, Role role, int index);
    void add_field(const Entity& entity, int index);
    void add_to_buckets(int number);

    std::vector<MemberName> names_;
    std::vector<int> field_begin_;  // one more than there are fields
    std::vector<int> buckets_;      // numbers of names, -1 = free; a power of two, at most half full
    std::size_t longest_ = 0;
};

// Finds the names of one record after the other: in the same place mostly stands the same name.
class MemberLookup {
public:
    // The number of the name, or -1; `place` counts the record's members.
    int find(const MemberNames& names, std::size_t place, std::string_view name);

private:
    const MemberNames* names_ = nullptr;
    std::array<int, 32> last_;  // numbers in names_ of what was found last in these places
};

// The names that records may send but that are never taken from them: id, tenant_id ...
bool is_read_only_name(std::string_view name);
// True for names that no field and no alias may have: the external key, read-only names and those that begin with "_".
bool is_reserved_name(std::string_view name);

}  // namespace eryxon::core
