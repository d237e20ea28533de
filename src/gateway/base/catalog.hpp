// What the gateway knows of the database: the exposed functions, and the settings of roles.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace eryxon::gateway {

struct Argument {
    std::string name;
    std::string type;  // as SQL
    bool required = false;
};

// What a function returns, as far as it changes the statement around it.
enum class Returns { json, scalar, scalars, row, rows, nothing };

struct Function {
    std::string name;
    std::vector<Argument> arguments;
    Returns returns = Returns::scalar;
    std::string document_type;  // json or jsonb if that is its one, unnamed argument; else empty
    bool is_volatile = true;
};

struct RoleSetting {
    std::string name;
    std::string value;
};

class Catalog {
public:
    // Reads the answer of catalog_query(). Throws core::CallError if it is no such answer.
    explicit Catalog(std::string_view json);

    // All functions of that name; empty if there is none.
    const std::vector<Function>& find(const std::string& name) const;
    // The role's own settings that the session user may make.
    const std::vector<RoleSetting>& settings(const std::string& role) const;

private:
    std::map<std::string, std::vector<Function>> functions_;
    std::map<std::string, std::vector<RoleSetting>> settings_;
};

// One statement with the schema's name as its parameter; its answer is one JSON object.
const char* catalog_query();

}  // namespace eryxon::gateway
