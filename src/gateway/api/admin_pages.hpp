// The admin pages: built files, served from memory.
#pragma once

#include "gateway/base/message.hpp"

#include <map>
#include <string>
#include <string_view>

namespace eryxon::gateway {

class AdminPages {
public:
    // Reads the folder with all below it; an empty name stands for none. Throws std::runtime_error if it cannot be
    // read.
    explicit AdminPages(const std::string& folder);

    // The file of that name below the folder, "" for the first page. Throws Failure 404.
    Response answer(const Request& request, const std::string& name) const;

private:
    struct File {
        std::string content;
        std::string etag;  // quoted
        std::string_view type;
    };

    std::map<std::string, File> files_;  // names with slashes, so what is not there cannot be asked for
};

}  // namespace eryxon::gateway
