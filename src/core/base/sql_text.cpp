// Writing SQL statements so that they can be read.
#include "core/base/sql_text.hpp"

#include <algorithm>
#include <stdexcept>

namespace eryxon::core {

namespace {

bool is_operator(std::string_view word) {
    constexpr std::string_view operators[] = {"==", "<", "<=", "<>", ">", ">=", "+", "-", "||"};
    return std::find(std::begin(operators), std::end(operators), word) != std::end(operators);
}

// Most words begin otherwise, and are not looked at further.
bool may_begin_operator(char c) {
    return c == '=' || c == '<' || c == '>' || c == '+' || c == '-' || c == '|';
}

std::string_view meaning_of(std::string_view name, SqlNames names) {
    for (const auto& [known, meaning] : names)
        if (known == name) return meaning;
    throw std::out_of_range("no name " + std::string(name) + " for a statement");
}

// Writes out one statement.
class Expansion {
public:
    Expansion(std::string_view statement, SqlNames names) : rest_(statement), names_(names) {
        written_.reserve(2 * statement.size());
    }

    std::string run() {
        while (!rest_.empty())
            step();
        return std::move(written_);
    }

private:
    void step() {
        switch (rest_.front()) {
            case '\'':
            case '"':
                return quoted();
            case '{':
                return name();
            case ' ':
                return blank();
            default:
                return plain();
        }
    }

    void copy(std::size_t bytes) {
        written_ += rest_.substr(0, bytes);
        rest_.remove_prefix(std::min(bytes, rest_.size()));
    }

    // Up to what is more than itself.
    void plain() {
        auto const special = [](char c) { return c == '\'' || c == '"' || c == '{' || c == ' '; };
        copy(static_cast<std::size_t>(std::find_if(rest_.begin(), rest_.end(), special) - rest_.begin()));
    }

    void quoted() {
        std::size_t const end = rest_.find(rest_.front(), 1);
        copy(end == std::string_view::npos ? rest_.size() : end + 1);
    }

    void name() {
        std::size_t const end = rest_.find('}');
        written_ += meaning_of(rest_.substr(1, end - 1), names_);
        rest_.remove_prefix(end + 1);
    }

    // A blank, and the operator behind it if there is one.
    void blank() {
        copy(1);
        if (rest_.empty() || !may_begin_operator(rest_.front())) return;
        std::string_view const word = rest_.substr(0, rest_.find_first_of(" \n"));
        if (!is_operator(word)) return;
        written_ += "OPERATOR(pg_catalog." + std::string(word == "==" ? "=" : word) + ")";
        rest_.remove_prefix(word.size());
    }

    std::string_view rest_;
    SqlNames names_;
    std::string written_;
};

}  // namespace

std::string sql(std::string_view statement, SqlNames names) {
    return Expansion(statement, names).run();
}

}  // namespace eryxon::core
