// Looking for headers, and what is sent of a response.
#include "gateway/base/message.hpp"

#include <algorithm>

namespace eryxon::gateway {

namespace {

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

}  // namespace

bool same_name(std::string_view name, std::string_view lower_name) {
    return std::equal(name.begin(), name.end(), lower_name.begin(), lower_name.end(),
                      [](char a, char b) { return lower(a) == b; });
}

std::string lower_case(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), lower);
    return out;
}

const HeaderView* Request::find(std::string_view name) const {
    auto const found = std::find_if(headers.begin(), headers.end(),
                                    [&](const HeaderView& header) { return same_name(header.name, name); });
    return found == headers.end() ? nullptr : &*found;
}

std::size_t Request::count(std::string_view name) const {
    return static_cast<std::size_t>(std::count_if(
        headers.begin(), headers.end(), [&](const HeaderView& header) { return same_name(header.name, name); }));
}

std::string_view Response::content() const {
    return may_have_content() ? std::string_view(body) : std::string_view();
}

bool Response::has(std::string_view name) const {
    return std::any_of(headers.begin(), headers.end(),
                       [&](const Header& header) { return same_name(header.name, name); });
}

}  // namespace eryxon::gateway
