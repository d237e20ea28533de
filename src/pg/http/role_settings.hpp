// The settings of a role (ALTER ROLE ... SET), for a session that becomes the role without logging in as it.
#pragma once

#include <string>

namespace eryxon::pg {

// Sets them until the transaction ends, as far as the login role may set them. Within SPI.
void apply_role_settings(const std::string& role);

}  // namespace eryxon::pg
