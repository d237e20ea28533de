// Writing SQL statements so that they can be read.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace eryxon::core {

// What {name} stands for in a statement: SQL, quoted where it has to be.
using SqlNames = std::initializer_list<std::pair<std::string_view, std::string_view>>;

// The statement with its operators qualified, so that none is taken from the search_path: `==` becomes
// OPERATOR(pg_catalog.=), for a single = assigns, and <, <=, <>, >, >=, +, - and || between blanks likewise. Qualified
// operators all bind alike: use parentheses. Throws std::out_of_range for a {name} that is not given.
std::string sql(std::string_view statement, SqlNames names = {});

}  // namespace eryxon::core
