// Finding the function that a request on /rpc or a route calls, by its name and the names of what is sent.
#pragma once

#include "gateway/base/catalog.hpp"
#include "gateway/base/failure.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace eryxon::gateway {

// What is sent to a function.
struct Sent {
    std::vector<std::string> names{};  // of the arguments
    bool has_document = false;         // a body that can also be handed over as a whole
};

struct Match {
    const Function* function = nullptr;
    std::vector<const Argument*> arguments{};  // of those sent, in the function's order
};

// The one function that takes what was sent; nullptr as function if there is none. Throws Failure 300 if several do.
Match match_function(const std::vector<Function>& functions, const Sent& sent);

// PostgREST's answer where no function matches (PGRST202).
Failure no_function(const std::string& schema, const std::string& name, const Sent& sent);

}  // namespace eryxon::gateway
