// A CSV file on its way into the engine.
#include "pg/csv/csv_file.hpp"

#include "core/csv/csv_rejected.hpp"
#include "core/json/fault_reason.hpp"

namespace eryxon::pg {

namespace {

std::unique_ptr<core::CsvColumns> columns_of(const core::Entity& entity, const std::vector<std::string>& headings,
                                             const core::CsvOptions& options) {
    std::vector<std::string_view> const names(headings.begin(), headings.end());
    return std::make_unique<core::CsvColumns>(entity, names, options);
}

}  // namespace

CsvFile::CsvFile(const core::Entity& entity, std::string_view text, const core::CsvOptions& options)
    : CsvFile(entity, text, core::find_layout(entity, text, options), options) {}

CsvFile::CsvFile(const core::Entity& entity, std::string_view text, core::CsvLayout layout,
                 const core::CsvOptions& options)
    : options_(options), delimiter_(layout.delimiter), reader_(text, delimiter_) {
    reader_.skip_lines(layout.skipped);
    read_headings(reader_);
    waiting_ = !has_header_;
    if (has_header_) header_ = record_.text;
    columns_ = columns_of(entity, headings_, options);
}

CsvFile::CsvFile(const core::Entity& entity, std::string_view text, std::string_view header,
                 const core::CsvOptions& options)
    : options_(options), delimiter_(options.delimiter), reader_(text, delimiter_) {
    core::CsvReader reader(header, delimiter_);
    read_headings(reader);
    if (has_header_) header_ = header;
    columns_ = columns_of(entity, headings_, options);
}

// Takes the names of the columns from the first record; without a header they are numbers. A file of rejected lines
// has one.
void CsvFile::read_headings(core::CsvReader& reader) {
    if (!reader.next(record_))
        throw core::CallError(core::make_fault(core::Code::invalid_payload, "", core::Reason::empty_file));
    if (record_.malformed) {
        core::Fault fault =
            core::make_fault(core::Code::invalid_payload, "", core::Reason::quote_in_header, {{"line", record_.line}});
        fault.sqlstate = "22P04";
        throw core::CallError(std::move(fault));
    }
    has_header_ = options_.header || core::is_rejected_header(record_.cells);
    if (has_header_ && record_.text.find('\0') != std::string_view::npos)
        throw core::CallError(core::make_fault(core::Code::invalid_payload, "", core::Reason::nul_in_header));
    for (std::size_t i = 0; i < record_.cells.size(); i++)
        headings_.push_back(has_header_ ? std::string(record_.cells[i]) : std::to_string(i + 1));
}

bool CsvFile::next() {
    if (std::exchange(waiting_, false)) return true;
    return reader_.next(record_);
}

std::string CsvFile::heading_line() const {
    if (has_header_) return std::string(header_);
    std::string line;
    for (const std::string& heading : headings_)
        line += (line.empty() ? "" : std::string(1, delimiter_)) + heading;
    return line;
}

}  // namespace eryxon::pg
