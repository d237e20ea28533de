// The member names of the last objects that were made: objects of one document mostly have the same names in the same
// order, which then need no sorting. Inside core only.
#pragma once

#include "core/json/json.hpp"

#include <array>
#include <memory>
#include <span>

namespace eryxon::core {

// The names of an object's members, all different, and where each stands in canonical order.
class Shape {
public:
    static constexpr std::size_t most_members = 32;

    // Keeps the names; `places` holds the canonical place of each.
    void learn(std::span<const JsonMember> members, std::span<const std::uint8_t> places);
    // True if the members have these names in this order.
    bool fits(std::span<const JsonMember> members) const;
    // Writes the members to their places.
    void place(std::span<const JsonMember> members, JsonMember* to) const;

private:
    std::size_t count_ = 0;
    std::string text_;  // of all names
    std::array<std::string_view, most_members> names_;
    std::array<std::uint8_t, most_members> places_;
};

// One shape for every number of members.
class Shapes {
public:
    // The shape to compare with and to learn, or nullptr if there are too many members for one.
    Shape* of(std::size_t members) {
        if (members > Shape::most_members) return nullptr;
        std::unique_ptr<Shape>& shape = shapes_[members];
        if (!shape) shape = std::make_unique<Shape>();
        return shape.get();
    }

private:
    std::array<std::unique_ptr<Shape>, Shape::most_members + 1> shapes_;
};

}  // namespace eryxon::core
