// The lines of CSV files that failed, kept in eryxon.csv_rejected to be corrected and imported again.
#pragma once

#include "core/base/uuid.hpp"
#include "pg/csv/csv_file.hpp"
#include "pg/upsert/upsert_call.hpp"

#include <string>

namespace eryxon::pg {

// Keeps those of a batch that was read from a file, as the extension's owner.
void keep_rejected(const core::Uuid& run, const core::Uuid& tenant, const Batch& batch, const CsvFile& file);

// The file of them, as far as the caller may read it. Throws CallError NOT_FOUND if there are none.
std::string rejected_csv(const core::Uuid& run, const core::Uuid& tenant, std::optional<char> delimiter);

}  // namespace eryxon::pg
