// The register of statements.
#include "gateway/base/statement.hpp"

#include "core/json/canonical.hpp"

namespace eryxon::gateway {

namespace {

constexpr std::size_t most_kept = 1000;
constexpr std::size_t name_digits =
    40;  // of the digest; with the prefix below the 63 bytes that the server tells apart

// The name of a statement with this key.
std::string name_of(const std::string& key) {
    return "eryxon_" + core::sha256_hex(key).substr(0, name_digits);
}

}  // namespace

StatementPtr Statements::get(const std::string& owner, const std::string& text) {
    std::string const key = owner + '\0' + text;
    auto const found = kept_.find(key);
    if (found != kept_.end()) return found->second;
    if (kept_.size() >= most_kept) return unnamed(text);
    return kept_.emplace(key, std::make_shared<const Statement>(Statement{name_of(key), text})).first->second;
}

StatementPtr Statements::unnamed(const std::string& text) {
    return std::make_shared<const Statement>(Statement{{}, text});
}

}  // namespace eryxon::gateway
