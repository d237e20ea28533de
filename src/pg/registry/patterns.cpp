// Regular expressions of rules.
#include "pg/registry/patterns.hpp"

#include "pg/server/boundary.hpp"

extern "C" {
#include "catalog/pg_collation_d.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
}

namespace eryxon::pg {

bool matches_pattern(std::string_view pattern, std::string_view text) {
    return call([&] {
        Datum const subject = PointerGetDatum(cstring_to_text_with_len(text.data(), static_cast<int>(text.size())));
        Datum const expression =
            PointerGetDatum(cstring_to_text_with_len(pattern.data(), static_cast<int>(pattern.size())));
        return DatumGetBool(DirectFunctionCall2Coll(textregexeq, DEFAULT_COLLATION_OID, subject, expression));
    });
}

}  // namespace eryxon::pg
