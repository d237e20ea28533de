// Compares an object's names with those of the last one, and places its members.
#include "core/json/json_shape.hpp"

#include "core/base/bytes8.hpp"

#include <algorithm>
#include <memory>

namespace eryxon::core {

void Shape::learn(std::span<const JsonMember> members, std::span<const std::uint8_t> places) {
    count_ = members.size();
    text_.clear();
    for (const JsonMember& member : members)
        text_ += member.name;
    std::string_view left = text_;
    for (std::size_t i = 0; i < count_; ++i) {
        names_[i] = left.substr(0, members[i].name.size());
        left.remove_prefix(names_[i].size());
    }
    std::copy(places.begin(), places.end(), places_.begin());
}

bool Shape::fits(std::span<const JsonMember> members) const {
    return members.size() == count_ &&
           std::equal(members.begin(), members.end(), names_.begin(),
                      [](const JsonMember& member, std::string_view name) { return equal_names(member.name, name); });
}

void Shape::place(std::span<const JsonMember> members, JsonMember* to) const {
    for (std::size_t i = 0; i < members.size(); ++i)
        std::construct_at(to + places_[i], members[i]);
}

}  // namespace eryxon::core
