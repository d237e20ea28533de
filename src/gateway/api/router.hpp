// Which endpoint a method and a path name, and which function of the database stands behind it.
#pragma once

#include "gateway/api/endpoints.hpp"

#include <string>
#include <string_view>

namespace eryxon::gateway {

struct Route {
    Endpoint endpoint = Endpoint::none;
    std::string_view path = "(none)";  // the template, for metrics
    std::string allow{};               // methods, where the one asked for is wrong
    std::string_view entity{};         // part of the request's path, like the two below
    std::string_view id{};
    std::string function{};  // of the exposed schema, where one is called
    std::string page{};      // below /admin/, where one is asked for
};

// True for the paths on which functions are called and answers are as PostgREST's.
bool is_rpc(std::string_view path);

// Finds the endpoint; base_path stands in front of the /api- routes only. Entities are not looked up here.
Route find_route(std::string_view base_path, std::string_view method, std::string_view path);

}  // namespace eryxon::gateway
