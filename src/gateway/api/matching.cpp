// Matching by names alone, as PostgREST does: what is sent must be known, what is required must be sent.
#include "gateway/api/matching.hpp"

#include "core/json/json.hpp"

#include <algorithm>

namespace eryxon::gateway {

namespace {

bool contains(const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

// True if the function can be called with what was sent.
bool takes(const Function& function, const Sent& sent) {
    if (!function.document_type.empty()) return sent.has_document;
    for (const Argument& argument : function.arguments)
        if (argument.required && !contains(sent.names, argument.name)) return false;
    return std::all_of(sent.names.begin(), sent.names.end(), [&](const std::string& name) {
        return std::any_of(function.arguments.begin(), function.arguments.end(),
                           [&](const Argument& argument) { return argument.name == name; });
    });
}

Match matched(const Function& function, const Sent& sent) {
    Match match{&function, {}};
    if (!function.document_type.empty()) return match;
    for (const Argument& argument : function.arguments)
        if (contains(sent.names, argument.name)) match.arguments.push_back(&argument);
    return match;
}

std::string list(const std::vector<std::string>& names) {
    std::string out;
    for (const std::string& name : names)
        out += (out.empty() ? "" : ", ") + name;
    return out;
}

}  // namespace

Match match_function(const std::vector<Function>& functions, const Sent& sent) {
    const Function* named = nullptr;
    const Function* with_document = nullptr;
    for (const Function& function : functions) {
        if (!takes(function, sent)) continue;
        const Function*& found = function.document_type.empty() ? named : with_document;
        if (found != nullptr)
            throw Failure{
                .status = 300,
                .code = "PGRST203",
                .message = "Could not choose the best candidate function for " + function.name,
                .hint = core::json_string("Try renaming the parameters or the function itself in the database")};
        found = &function;
    }
    if (named == nullptr) named = with_document;
    return named == nullptr ? Match{} : matched(*named, sent);
}

Failure no_function(const std::string& schema, const std::string& name, const Sent& sent) {
    std::string const full = schema + '.' + name;
    std::string const parameters = sent.names.empty() ? "without parameters" : "with parameters " + list(sent.names);
    std::string const document = sent.has_document ? " or with a single unnamed json/jsonb parameter" : "";
    Failure failure =
        not_found("Could not find the function " + full +
                  (sent.names.empty() ? " without parameters" : '(' + list(sent.names) + ')') + " in the schema cache");
    failure.code = "PGRST202";
    failure.details = core::json_string("Searched for the function " + full + ' ' + parameters + document +
                                        ", but no matches were found in the schema cache.");
    return failure;
}

}  // namespace eryxon::gateway
