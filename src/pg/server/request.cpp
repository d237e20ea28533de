// Settings of a request and of its response.
#include "pg/server/request.hpp"

extern "C" {
#include "utils/guc.h"
}

namespace eryxon::pg {

const char* request_setting(const char* name) {
    const char* text = call([name] { return GetConfigOption(name, true, false); });
    return text != nullptr && *text != '\0' ? text : nullptr;
}

void set_for_transaction(const char* name, const std::string& value) {
    call([&] { set_config_option(name, value.c_str(), PGC_SUSET, PGC_S_SESSION, GUC_ACTION_LOCAL, true, 0, false); });
}

}  // namespace eryxon::pg
