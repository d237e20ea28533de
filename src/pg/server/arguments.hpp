// Arguments and results of SQL functions. None of the functions is strict, so that NULL gets a clear error instead of a
// silent NULL.
#pragma once

#include "core/base/uuid.hpp"
#include "core/json/json.hpp"
#include "pg/server/prelude.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace eryxon::pg {

// The plain form of a text or json datum, which may be stored compressed or out of line.
class PlainText {
public:
    explicit PlainText(Datum value);

    std::string_view view() const;
    // Frees what had to be made for it; view() is of no use any more. Else it lives as long as the call.
    void release();

private:
    Datum value_;
    varlena* plain_;
};

// Each throws CallError INVALID_PAYLOAD if the argument is null. Texts live as long as the call.
std::string_view text_argument(FunctionCallInfo info, int argument, const char* name);
core::Json jsonb_argument(FunctionCallInfo info, int argument, const char* name, core::JsonArena& arena);
core::Json json_argument(FunctionCallInfo info, int argument, const char* name, core::JsonArena& arena);
// The datum itself.
Datum required_argument(FunctionCallInfo info, int argument, const char* name);
// An options object; null stands for none.
core::Json options_argument(FunctionCallInfo info, int argument, core::JsonArena& arena);

// Arguments that may be null.
std::optional<std::string> optional_text(FunctionCallInfo info, int argument);
std::optional<core::Uuid> optional_uuid(FunctionCallInfo info, int argument);
std::optional<bool> optional_boolean(FunctionCallInfo info, int argument);

// Results, palloc'd in the current context.
Datum uuid_datum(const core::Uuid& uuid);
Datum text_datum(std::string_view text);  // of text and json

}  // namespace eryxon::pg
