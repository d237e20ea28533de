// Reads CSV text record by record (RFC 4180), by libcsv. What it cannot take is the fault of one line wherever reading
// can go on behind it.
#pragma once

#include "core/base/core.hpp"

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace eryxon::core {

// One record. The cells live until the next one is read.
struct CsvRecord {
    std::uint64_t line = 0;               // physical line on which it begins; the first is 1
    std::string_view text;                // as it stands in the file, without its line break
    std::vector<std::string_view> cells;  // unquoted; blanks around unquoted cells are left out
    bool malformed = false;               // a quote stands where none may, or is never closed: no cells
};

// The physical lines of a text, which end as those of records do.
std::int64_t count_lines(std::string_view text);

// Reads the records of a text, which must live as long. Lines end in LF, CRLF or CR; those without any cell that is not
// empty are passed over.
class CsvReader {
public:
    CsvReader(std::string_view text, char delimiter);
    ~CsvReader();
    CsvReader(const CsvReader&) = delete;
    CsvReader& operator=(const CsvReader&) = delete;

    // Reads the next record; false at the end. Of a malformed one only the first physical line is left out. Throws
    // CallError (22P04) if it is not clear where reading could go on.
    bool next(CsvRecord& record);
    // Passes over that many physical lines, whatever is in them; before the first record only.
    void skip_lines(std::uint64_t count);

private:
    struct Parser;

    std::string_view take_line();
    bool fill(CsvRecord& record);
    void leave_out(CsvRecord& record);
    bool finish(CsvRecord& record);

    std::string_view text_;
    std::size_t position_ = 0;
    std::uint64_t line_ = 0;     // the last one that was taken
    std::size_t begin_ = 0;      // of the record that is being read
    std::size_t first_end_ = 0;  // of its first physical line
    std::unique_ptr<Parser> parser_;
};

}  // namespace eryxon::core
