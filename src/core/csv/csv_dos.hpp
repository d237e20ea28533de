// Words that were written in a code page of DOS and read in another encoding: "K”ln" for Köln.
#pragma once

#include "core/base/error.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace eryxon::core {

// The first such word of a text; empty if there is none.
std::string_view dos_word(std::string_view text);

// What is told of the lines of a file that have one.
class DosWords {
public:
    void look(std::string_view line);
    std::optional<Warning> warning() const;

private:
    std::string example_;
    std::int64_t lines_ = 0;
};

}  // namespace eryxon::core
