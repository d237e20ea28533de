// The bytes of a CSV file as text.
#pragma once

#include "pg/server/prelude.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace eryxon::pg {

// A file as it was passed: as text, which is UTF-8 already, or as bytes.
struct CsvSource {
    std::string_view bytes;
    bool is_text;
};

// The argument, of type text or bytea.
CsvSource csv_argument(FunctionCallInfo info, int argument);

// A file as UTF-8 without byte order mark, palloc'd where it had to be converted.
struct CsvText {
    std::string encoding;  // that it was in
    std::string_view text;
    std::shared_ptr<const std::string> mended{};  // of which it is a part if not all bytes were characters
};

// Decodes the bytes; `encoding` is one of PostgreSQL's names for them, or empty if it is to be found. Throws CallError:
// 22023 for an unknown encoding, for one of what is text already and for what is no text, 22021 for bytes that the
// encoding does not have, with their line. What is no UTF-8 becomes U+FFFD, and so a fault of its line.
CsvText decode_csv(const CsvSource& source, const std::string& encoding);

}  // namespace eryxon::pg
