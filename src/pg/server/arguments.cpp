// Arguments of SQL functions.
#include "pg/server/arguments.hpp"

#include "pg/server/boundary.hpp"
#include "pg/server/jsonb.hpp"

#include <utility>

extern "C" {
#include "utils/builtins.h"
#include "utils/uuid.h"
}

namespace eryxon::pg {

namespace {

std::string_view detoasted(Datum value) {
    auto* text = call([value] { return PG_DETOAST_DATUM_PACKED(value); });
    return {VARDATA_ANY(text), VARSIZE_ANY_EXHDR(text)};
}

// The plain form is freed with the memory of the call, for the tree points into it.
core::Json read(Datum value, core::JsonArena& arena) {
    return read_jsonb(call([value] { return DatumGetJsonbP(value); }), arena);
}

}  // namespace

PlainText::PlainText(Datum value) : value_(value), plain_(call([value] { return PG_DETOAST_DATUM_PACKED(value); })) {}

std::string_view PlainText::view() const {
    return {VARDATA_ANY(plain_), VARSIZE_ANY_EXHDR(plain_)};
}

void PlainText::release() {
    void* const made = std::exchange(plain_, nullptr);
    if (made != nullptr && made != DatumGetPointer(value_)) call([made] { pfree(made); });
}

Datum required_argument(FunctionCallInfo info, int argument, const char* name) {
    if (info->args[argument].isnull)
        throw core::CallError(core::Code::invalid_payload, "argument \"" + std::string(name) + "\" must not be null");
    return info->args[argument].value;
}

std::string_view text_argument(FunctionCallInfo info, int argument, const char* name) {
    return detoasted(required_argument(info, argument, name));
}

core::Json jsonb_argument(FunctionCallInfo info, int argument, const char* name, core::JsonArena& arena) {
    return read(required_argument(info, argument, name), arena);
}

core::Json json_argument(FunctionCallInfo info, int argument, const char* name, core::JsonArena& arena) {
    PlainText text(required_argument(info, argument, name));
    core::Json const json = core::parse_json(text.view(), arena);
    text.release();
    return json;
}

core::Json options_argument(FunctionCallInfo info, int argument, core::JsonArena& arena) {
    return info->args[argument].isnull ? core::Json::object({}) : read(info->args[argument].value, arena);
}

std::optional<std::string> optional_text(FunctionCallInfo info, int argument) {
    if (info->args[argument].isnull) return std::nullopt;
    return std::string(detoasted(info->args[argument].value));
}

std::optional<core::Uuid> optional_uuid(FunctionCallInfo info, int argument) {
    if (info->args[argument].isnull) return std::nullopt;
    core::Uuid uuid;
    memcpy(uuid.data(), DatumGetUUIDP(info->args[argument].value)->data, uuid.size());
    return uuid;
}

std::optional<bool> optional_boolean(FunctionCallInfo info, int argument) {
    if (info->args[argument].isnull) return std::nullopt;
    return DatumGetBool(info->args[argument].value);
}

Datum uuid_datum(const core::Uuid& uuid) {
    void* copy = call([] { return palloc(UUID_LEN); });
    memcpy(copy, uuid.data(), UUID_LEN);
    return PointerGetDatum(copy);
}

Datum text_datum(std::string_view text) {
    return call([&] { return PointerGetDatum(cstring_to_text_with_len(text.data(), static_cast<int>(text.size()))); });
}

}  // namespace eryxon::pg
