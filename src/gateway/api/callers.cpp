// Tenants of tokens stand in their claims, those of keys are learnt from the database's answers.
#include "gateway/api/callers.hpp"

#include "core/json/json.hpp"

namespace eryxon::gateway {

namespace {

constexpr std::size_t most_known = 10000;
constexpr std::chrono::seconds fresh{60};

std::string text_member(const core::Json& object, std::string_view name) {
    const core::Json* member = object.is_object() ? object.find(name) : nullptr;
    return member != nullptr && member->is_string() ? std::string(member->text()) : std::string();
}

// The tenant that the claims name, where the extension looks for it; empty if they name none.
std::string claimed_tenant(const std::string& claims) {
    try {
        core::JsonArena arena;
        core::Json const object = core::parse_json(claims, arena);
        std::string tenant = text_member(object, "tenant_id");
        const core::Json* metadata = object.is_object() ? object.find("app_metadata") : nullptr;
        return tenant.empty() && metadata != nullptr ? text_member(*metadata, "tenant_id") : tenant;
    } catch (const core::CallError&) {
        return {};
    }
}

}  // namespace

std::string Callers::share(const Caller& caller, const Credentials& credentials) const {
    auto const found = known_.find(caller.credential);
    std::string tenant = caller.proved ? claimed_tenant(credentials.claims) : std::string();
    if (tenant.empty() && found != known_.end()) tenant = found->second.tenant;
    if (!tenant.empty()) return "tenant:" + lower_case(tenant);
    bool const known = caller.proved || found != known_.end();
    return known ? "credential:" + caller.credential : "address:" + caller.address;
}

void Callers::accept(const Caller& caller, std::string tenant, TimePoint now) {
    if (caller.credential.empty()) return;
    if (known_.size() >= most_known && !known_.contains(caller.credential)) known_.clear();
    known_[caller.credential] = {std::move(tenant), now};
}

bool Callers::was_accepted(const Caller& caller, TimePoint now) const {
    auto const found = known_.find(caller.credential);
    return found != known_.end() && now - found->second.since < fresh;
}

}  // namespace eryxon::gateway
