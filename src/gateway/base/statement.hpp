// SQL statements with names made of their text, so that each connection prepares each of them once, and a name can
// never stand for another statement: not for one of another gateway either, whose sessions a pooler may hand out.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace eryxon::gateway {

struct Statement {
    std::string name;  // of the prepared statement; empty: never prepared under a name
    std::string text;
};

using StatementPtr = std::shared_ptr<const Statement>;

// A statement with its parameters, NUL-terminated text each but for the last one if it is a file.
struct Step {
    StatementPtr statement;
    std::vector<const char*> parameters{};
    std::size_t file_size = 0;  // of the last parameter, which then is bytes; 0: all are text
};

// Keeps statements for the life of the process. Bounded: what comes after that is parsed for each use.
class Statements {
public:
    // The statement of that text; `owner` keeps equal texts apart, for what one role has prepared is not another's.
    StatementPtr get(const std::string& owner, const std::string& text);
    // A statement that is parsed for each use.
    static StatementPtr unnamed(const std::string& text);

private:
    std::unordered_map<std::string, StatementPtr> kept_;
};

}  // namespace eryxon::gateway
