// The lines and records of files that failed, kept in eryxon.csv_rejected to be corrected and imported again.
#pragma once

#include "core/base/uuid.hpp"
#include "pg/upsert/upsert_call.hpp"

#include <optional>
#include <string>

namespace eryxon::pg {

// What lines that failed were: of CSV their header, and the delimiter's name; of JSON nothing, and that it is JSON.
struct RejectedKind {
    std::string_view header, format;
};
inline constexpr RejectedKind rejected_json{"", "json"};

// Keeps those of a batch that was read from a file, as the extension's owner.
void keep_rejected(const core::Uuid& run, const core::Uuid& tenant, const Batch& batch, const RejectedKind& kind);

// The file of them, as far as the caller may read it: CSV, or a JSON object a line. Throws CallError NOT_FOUND if there
// are none.
std::string rejected_file(const core::Uuid& run, const core::Uuid& tenant, std::optional<char> delimiter);

}  // namespace eryxon::pg
