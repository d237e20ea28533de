// The bytes of a CSV file as text, by the server's own conversions.
#include "pg/csv/csv_text.hpp"

#include "core/base/utf8.hpp"
#include "core/csv/csv_encoding.hpp"
#include "core/json/fault_reason.hpp"
#include "pg/server/arguments.hpp"
#include "pg/server/boundary.hpp"

#include <algorithm>
#include <memory>

extern "C" {
#include "catalog/pg_type_d.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
}

namespace eryxon::pg {

namespace {

[[noreturn]] void refuse(core::Reason reason, core::FaultParams params, const char* hint, const char* sqlstate = "") {
    core::Fault fault = core::make_fault(core::Code::invalid_option, "encoding", reason, params, hint);
    fault.sqlstate = sqlstate;
    throw core::CallError(std::move(fault));
}

int encoding_number(const std::string& name) {
    int const encoding = call([&] { return pg_char_to_encoding(name.c_str()); });
    if (encoding < 0 || !PG_VALID_FE_ENCODING(encoding))
        refuse(core::Reason::unknown_encoding, {{"encoding", name}},
               "Use UTF8, WIN1252, LATIN1 or another of PostgreSQL's names.");
    return encoding;
}

// Puts U+FFFD in the place of bytes that are no UTF-8.
void mend(CsvText& decoded) {
    if (core::is_utf8(decoded.text)) return;
    decoded.mended = std::make_shared<const std::string>(core::with_replacements(decoded.text));
    decoded.text = *decoded.mended;
}

// Bytes that Windows-1252 does not have mean that the file is in another encoding.
void check_windows_1252(std::string_view bytes) {
    if (std::size_t const line = core::undefined_in_windows_1252(bytes); line > 0)
        refuse(core::Reason::not_in_encoding, {{"line", line}, {"encoding", "WIN1252"}},
               "Give the file's encoding, or save it as UTF-8.", "22021");
}

// Converts the text; NUL bytes, which no conversion takes, stay as they are and are told of by their cells.
std::string_view convert(std::string_view bytes, int encoding) {
    return call([&] {
        StringInfoData out;
        initStringInfo(&out);
        for (std::size_t begin = 0; begin <= bytes.size();) {
            std::size_t const end = std::min(bytes.find('\0', begin), bytes.size());
            if (end > begin) {
                char* const part = pnstrdup(bytes.data() + begin, end - begin);
                char* const converted = reinterpret_cast<char*>(pg_do_encoding_conversion(
                    reinterpret_cast<unsigned char*>(part), static_cast<int>(end - begin), encoding, PG_UTF8));
                appendStringInfoString(&out, converted);
                if (converted != part) pfree(converted);
                pfree(part);
            }
            if (end < bytes.size()) appendStringInfoChar(&out, '\0');
            begin = end + 1;
        }
        return std::string_view(out.data, static_cast<std::size_t>(out.len));
    });
}

}  // namespace

CsvSource csv_argument(FunctionCallInfo info, int argument) {
    std::string_view const bytes = text_argument(info, argument, "csv");
    return {bytes, call([&] { return get_fn_expr_argtype(info->flinfo, argument) == TEXTOID; })};
}

CsvText decode_csv(const CsvSource& source, const std::string& encoding) {
    std::string_view const bytes = source.bytes;
    if (source.is_text && !encoding.empty())
        throw core::CallError(core::Fault{core::Code::invalid_option,
                                          "encoding",
                                          "text has the database's encoding",
                                          {},
                                          {},
                                          "Pass the bytes of the file instead."});
    core::refuse_other_formats(bytes);
    CsvText decoded{encoding.empty() ? std::string(core::find_encoding(bytes)) : encoding, bytes};
    int const number = encoding_number(decoded.encoding);
    decoded.encoding = pg_encoding_to_char(number);
    if (number == PG_WIN1252) check_windows_1252(bytes);
    if (number == PG_UTF8)
        mend(decoded);
    else
        decoded.text = convert(bytes, number);
    if (decoded.text.starts_with("\xEF\xBB\xBF")) decoded.text.remove_prefix(3);
    return decoded;
}

}  // namespace eryxon::pg
