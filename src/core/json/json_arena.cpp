// The memory of JSON documents, and the sorting of an object's members as they come in.
#include "core/base/assert.hpp"
#include "core/base/huge_page_allocator.hpp"
#include "core/json/json.hpp"
#include "core/json/json_shape.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace eryxon::core {

// Blocks that grow; allocation moves a pointer along the last one.
struct JsonArena::Impl {
    static constexpr std::size_t first_block = 4096;
    static constexpr std::size_t largest_block = std::size_t{1} << 22;

    struct Free {
        void operator()(void* block) const { free_large(block); }
    };

    std::vector<std::unique_ptr<void, Free>> blocks;
    std::byte* next = nullptr;
    std::size_t left = 0;
    std::size_t block_size = first_block;
    std::size_t total = 0;
    Shapes shapes;

    // A block of its own for a large piece, so that the rest of the current one stays in use.
    std::byte* add_block(std::size_t size) {
        std::unique_ptr<void, Free> block(allocate_large(size));
        blocks.push_back(std::move(block));
        total += size;
        return static_cast<std::byte*>(blocks.back().get());
    }

    // Opens a new current block, twice the size of the last one.
    void grow() {
        next = add_block(block_size);
        left = block_size;
        block_size = std::min(block_size * 2, largest_block);
    }

    // Begins again: in the only block, or with none.
    void clear() {
        if (blocks.size() == 1 && next != nullptr) {
            left = total;
            next = static_cast<std::byte*>(blocks.front().get());
            return;
        }
        blocks.clear();
        next = nullptr;
        left = total = 0;
    }
};

JsonArena::JsonArena() : impl_(std::make_unique<Impl>()) {}
JsonArena::~JsonArena() = default;

// Cuts a piece off the current block.
void* JsonArena::allocate(std::size_t bytes, std::size_t alignment) {
    ERYXON_ASSERT(alignment != 0 && (alignment & (alignment - 1)) == 0);
    Impl& arena = *impl_;
    std::size_t gap = -reinterpret_cast<std::uintptr_t>(arena.next) & (alignment - 1);
    if (bytes + gap > arena.left) {
        if (bytes > arena.block_size / 2) return arena.add_block(bytes);
        arena.grow();
        gap = 0;
    }
    std::byte* const piece = arena.next + gap;
    arena.next = piece + bytes;
    arena.left -= gap + bytes;
    return piece;
}

// The size of all blocks.
std::size_t JsonArena::bytes() const {
    return impl_->total;
}

void JsonArena::clear() {
    impl_->clear();
}

// Copies arrays and objects at every depth, members in the order in which they stand.
Json JsonArena::keep(const Json& value) {
    if (value.is_array()) {
        std::vector<Json> items(value.items().begin(), value.items().end());
        for (Json& item : items)
            item = keep(item);
        Json kept = array(items);
        if (value.displaces_records()) kept.mark_displacing();
        return kept;
    }
    if (!value.is_object() || value.members().empty()) return value.is_object() ? Json::object({}) : value;
    const std::span<const JsonMember> members = value.members();
    auto* const piece = static_cast<JsonMember*>(allocate(members.size_bytes(), alignof(JsonMember)));
    for (std::size_t i = 0; i < members.size(); ++i)
        std::construct_at(piece + i, JsonMember{members[i].name, keep(members[i].value)});
    return Json::object({piece, members.size()});
}

// Keeps the characters as long as the arena.
std::string_view JsonArena::copy(std::string_view text) {
    if (text.empty()) return {};
    char* const piece = static_cast<char*>(allocate(text.size(), 1));
    std::memcpy(piece, text.data(), text.size());
    return {piece, text.size()};
}

// Keeps the items as long as the arena.
Json JsonArena::array(std::span<const Json> items) {
    if (items.empty()) return Json::array({});
    auto* const piece = static_cast<Json*>(allocate(items.size_bytes(), alignof(Json)));
    std::uninitialized_copy(items.begin(), items.end(), piece);
    return Json::array({piece, items.size()});
}

namespace {

// A member on its way to its place: the first bytes of its name decide nearly every comparison.
struct Slot {
    std::uint64_t prefix;
    const JsonMember* member;
};

// The first eight bytes of the name as a number that sorts as they do; bytes that UTF-16 sorts
// differently, and all behind them, count as the largest.
std::uint64_t prefix_of(std::string_view name) {
    std::array<unsigned char, 8> bytes{};
    std::memcpy(bytes.data(), name.data(), std::min(name.size(), bytes.size()));
    std::uint64_t prefix = 0;
    for (const unsigned char byte : bytes)
        prefix = prefix << 8 | byte;
    for (int shift = 56; shift >= 0 && (prefix & 0x8080808080808080) != 0; shift -= 8) {
        if ((prefix >> shift & 0xff) >= 0xee) return prefix | (~std::uint64_t{0} >> (56 - shift));
    }
    return prefix;
}

// Canonical order; equal names stay in the order in which they came.
bool slot_less(const Slot& a, const Slot& b) {
    if (a.prefix != b.prefix) return a.prefix < b.prefix;
    if (canonical_less(a.member->name, b.member->name)) return true;
    return a.member < b.member && a.member->name == b.member->name;
}

// Sorts few slots in place, and many by the library.
void sort_slots(std::span<Slot> slots) {
    constexpr std::size_t few = 24;
    if (slots.size() > few) return std::sort(slots.begin(), slots.end(), slot_less);
    for (std::size_t i = 1; i < slots.size(); ++i) {
        const Slot slot = slots[i];
        std::size_t place = i;
        for (; place > 0 && slot_less(slot, slots[place - 1]); --place)
            slots[place] = slots[place - 1];
        slots[place] = slot;
    }
}

// True if the slot's name is that of the one behind it.
bool is_followed_by_twin(std::span<const Slot> slots, std::size_t i) {
    return i + 1 < slots.size() && slots[i].prefix == slots[i + 1].prefix &&
           slots[i].member->name == slots[i + 1].member->name;
}

// True for what may be records: an array that begins with an object.
bool holds_records(const Json& value) {
    return value.is_array() && !value.items().empty() && value.items().front().is_object();
}

// Writes the members in the order of their slots, of equal names only the last; returns their number.
std::size_t place_members(std::span<const Slot> slots, JsonMember* members) {
    std::size_t count = 0;
    bool displacing = false;
    for (std::size_t i = 0; i < slots.size(); ++i) {
        if (is_followed_by_twin(slots, i)) {
            displacing = displacing || holds_records(slots[i].member->value);
            continue;
        }
        std::construct_at(members + count, *slots[i].member);
        if (displacing) members[count].value.mark_displacing();
        displacing = false;
        ++count;
    }
    return count;
}

// Sorts slots of the members and writes these in their order; returns their number. If all names differ, the shape
// learns them.
std::size_t sort_members(std::span<const JsonMember> members, std::span<Slot> slots, Shape* shape, JsonMember* to) {
    std::transform(members.begin(), members.end(), slots.begin(), [](const JsonMember& member) {
        return Slot{prefix_of(member.name), &member};
    });
    sort_slots(slots);
    const std::size_t count = place_members(slots, to);
    if (shape == nullptr || count < members.size()) return count;
    std::array<std::uint8_t, Shape::most_members> places;
    for (std::size_t i = 0; i < count; ++i)
        places[static_cast<std::size_t>(slots[i].member - members.data())] = static_cast<std::uint8_t>(i);
    shape->learn(members, std::span(places).first(count));
    return count;
}

}  // namespace

// Most objects have the names of the last one; the others are sorted, few members on the stack.
Json JsonArena::object(std::span<const JsonMember> members) {
    if (members.empty()) return Json::object({});
    auto* const piece = static_cast<JsonMember*>(allocate(members.size_bytes(), alignof(JsonMember)));
    Shape* const shape = impl_->shapes.of(members.size());
    if (shape != nullptr && shape->fits(members)) {
        shape->place(members, piece);
        return Json::object({piece, members.size()});
    }
    std::array<Slot, Shape::most_members> few;
    std::vector<Slot> many(shape == nullptr ? members.size() : 0);
    const std::span<Slot> slots = shape == nullptr ? std::span(many) : std::span(few).first(members.size());
    return Json::object({piece, sort_members(members, slots, shape, piece)});
}

}  // namespace eryxon::core
