// Forms of type multipart/form-data (RFC 7578), as browsers send files.
#pragma once

#include <optional>
#include <string_view>

namespace eryxon::gateway {

// The bytes of the form's field of that name: part of the body. Nothing if the form is malformed or lacks the field; of
// several the first counts.
std::optional<std::string_view> form_field(std::string_view content_type, std::string_view body, std::string_view name);

}  // namespace eryxon::gateway
