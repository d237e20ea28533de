// Bodies of answers over HTTP.
#include "core/result/http_answer.hpp"

namespace eryxon::core {

std::string http_success(std::string_view data) {
    std::string body = R"({"success":true,"data":)";
    body.append(data);
    body += '}';
    return body;
}

std::string http_failure(const HttpFailure& failure, std::string_view message, std::string_view hint,
                         std::string_view details) {
    std::string text(message);
    if (!hint.empty()) text.append(". ").append(hint);
    std::string body = R"({"success":false,"error":{)";
    write_json_member("code", failure.code, body);
    body += ',';
    write_json_member("message", text, body);
    body += R"(,"details":)";
    body.append(details);
    body += R"(,"statusCode":)" + std::to_string(failure.status) + "}}";
    return body;
}

HttpPayload split_options(const Json& body, JsonArena& arena) {
    const Json* options = body.find("options");
    if (options == nullptr || !options->is_object()) return {body, Json::object({})};
    std::vector<JsonMember> others;
    for (const JsonMember& member : body.members())
        if (member.name != "options") others.push_back(member);
    return {arena.object(others), *options};
}

}  // namespace eryxon::core
