// What a function of the database answers over HTTP, and how that is read.
#pragma once

#include "core/json/json.hpp"
#include "gateway/base/message.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace eryxon::gateway {

// What a call that was committed answers.
struct Answer {
    std::string body;
    unsigned status = 200;
    std::vector<Header> headers;
    std::string tenant{};  // that the caller's key belongs to, or that is set for all; empty where neither is
};

// The answer as it stands.
Response to_response(Answer answer);

// The member of that name. Throws Failure 500 where there is none: someone has changed the answer on its way.
const core::Json& demand_member(const core::Json& object, std::string_view name);

// The member `data` of an answer. Throws Failure 500 if the body is no success.
core::Json data_of(std::string_view body, core::JsonArena& arena);

// The text or whole number of a member; empty or 0 where there is none.
std::string_view text_of(const core::Json& object, std::string_view name);
std::int64_t count_of(const core::Json& object, std::string_view name);

}  // namespace eryxon::gateway
