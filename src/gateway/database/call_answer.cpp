// Answers of the extension's functions. Their shape is not taken for granted: a pre-request function may change them.
#include "gateway/database/call_answer.hpp"

#include "core/json/json_build.hpp"
#include "gateway/base/failure.hpp"

#include <charconv>

namespace eryxon::gateway {

Response to_response(Answer answer) {
    Response response{.status = answer.status, .headers = std::move(answer.headers), .body = std::move(answer.body)};
    if (response.status == 503 && !response.has("retry-after")) response.headers.push_back({"Retry-After", "2"});
    return response;
}

const core::Json& demand_member(const core::Json& object, std::string_view name) {
    const core::Json* found = object.find(name);
    if (found == nullptr) throw internal_error("the answer of a function has no \"" + std::string(name) + "\"");
    return *found;
}

core::Json data_of(std::string_view body, core::JsonArena& arena) {
    try {
        return demand_member(core::parse_json(body, arena), "data");
    } catch (const core::CallError&) {
        throw internal_error("the answer of a function is no JSON");
    }
}

std::string_view text_of(const core::Json& object, std::string_view name) {
    const core::Json* found = object.find(name);
    return found != nullptr && found->is_string() ? found->text() : std::string_view();
}

std::int64_t count_of(const core::Json& object, std::string_view name) {
    const core::Json* found = object.find(name);
    std::int64_t count = 0;
    if (found == nullptr || !found->is_number()) return 0;
    std::string_view const digits = found->text();
    std::from_chars(digits.data(), digits.data() + digits.size(), count);
    return count;
}

}  // namespace eryxon::gateway
