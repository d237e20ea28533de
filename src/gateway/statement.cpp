// The register of statements.
#include "gateway/statement.hpp"

namespace eryxon::gateway {

namespace {

constexpr std::size_t most_kept = 1000;

}  // namespace

StatementPtr Statements::get(const std::string& owner, const std::string& text) {
    std::string const key = owner + '\0' + text;
    auto const found = kept_.find(key);
    if (found != kept_.end()) return found->second;
    if (kept_.size() >= most_kept) return unnamed(text);
    auto const id = static_cast<unsigned>(kept_.size() + 1);
    return kept_.emplace(key, std::make_shared<const Statement>(Statement{id, text})).first->second;
}

StatementPtr Statements::unnamed(const std::string& text) {
    return std::make_shared<const Statement>(Statement{0, text});
}

}  // namespace eryxon::gateway
