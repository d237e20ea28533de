// The settings by which an HTTP layer and the database speak to each other within one transaction.
#pragma once

#include "pg/server/boundary.hpp"

#include <string>

namespace eryxon::pg {

// The value of a setting such as request.headers; nullptr if it is not set or empty. Anyone can set it.
const char* request_setting(const char* name);

// Sets it until the transaction ends. Settings that only superusers may set can be set, too.
void set_for_transaction(const char* name, const std::string& value);

}  // namespace eryxon::pg
