// A part ends where it has enough records or bytes, or has waited for more of them.
#include "gateway/base/record_parts.hpp"

#include "core/base/error.hpp"

#include <boost/asio/post.hpp>

namespace eryxon::gateway {

namespace {

constexpr std::size_t most_bytes = 2 * 1024 * 1024;
constexpr std::int64_t most_blank_lines = 1000;
constexpr std::size_t turn_bytes = 1024 * 1024;   // unpacked until others have their turn
constexpr std::chrono::seconds longest_wait{20};  // an import that stands still for a minute looks given up

Failure unsupported(std::string message) {
    Failure failure = own_failure(415);
    failure.message = std::move(message);
    return failure;
}

// What is wrong with the text, as the database would say it.
Failure malformed(const core::CallError& error) {
    std::string const& hint = error.faults().front().hint;
    return bad_request(std::string(error.what()) + (hint.empty() ? "" : ". " + hint), "", Style::route);
}

bool is_lines(std::string_view type) {
    for (std::string_view const name : {"application/x-ndjson", "application/ndjson", "application/jsonl",
                                        "application/x-jsonlines", "application/jsonlines"})
        if (type == name) return true;
    return false;
}

// True for what is no JSON by its own account; JSON needs no content type.
bool is_other(std::string_view type) {
    return type.starts_with("text/csv") || type.starts_with("multipart/") || type.find("xml") != std::string_view::npos;
}

std::string_view media_type(std::string_view type) {
    type = type.substr(0, type.find(';'));
    return type.substr(0, type.find_last_not_of(" \t") + 1);
}

}  // namespace

RecordFormat record_format(const Request& request) {
    RecordFormat format;
    const HeaderView* const encoding = request.find("content-encoding");
    if (encoding != nullptr && !same_name(encoding->value, "identity")) {
        format.gzip = same_name(encoding->value, "gzip") || same_name(encoding->value, "x-gzip");
        Failure failure = unsupported("The request body may be compressed with gzip only");
        failure.headers.push_back({"Accept-Encoding", "gzip, identity"});
        if (!format.gzip) throw failure;
    }
    const HeaderView* const type = request.find("content-type");
    std::string const kind = type == nullptr ? "" : lower_case(type->value);
    if (is_lines(media_type(kind)))
        format.form = core::RecordForm::lines;
    else if (is_other(kind))
        throw unsupported(
            "The request body must be JSON (application/json) or a record on each line "
            "(application/x-ndjson)");
    return format;
}

RecordParts::RecordParts(const Request& request, const RecordFormat& format, const std::string& entity,
                         std::size_t records, std::size_t record_bytes)
    : request_(request),
      form_(format.form),
      splitter_(format.form, std::vector<std::string>{"items", entity}),
      most_records_(records),
      record_bytes_(record_bytes) {
    if (format.gzip) gunzip_.emplace();
}

Task<std::optional<RecordPart>> RecordParts::next() {
    TimePoint const began = Clock::now();
    part_ = {};
    part_.number = ++number_;
    for (;;) {
        bool const full = gather();
        bool const late = part_.records > 0 && Clock::now() - began > longest_wait;
        bool const last = (ended_ || fault_) && part_.records > 0;
        if (full || late || last) co_return std::move(part_);
        if (fault_) throw *fault_;
        if (ended_) co_return std::nullopt;
        co_await fill();
    }
}

// Takes the records that are there; true if the part is full.
bool RecordParts::gather() {
    if (fault_) return false;
    try {
        while (waiting_ || splitter_.next()) {
            waiting_ = !has_room();
            if (waiting_) return true;
            take();
            if (part_.records == most_records_) return true;
        }
    } catch (const core::CallError& error) {
        fault_ = malformed(error);
        return false;
    }
    refuse_huge();
    return false;
}

bool RecordParts::has_room() const {
    if (part_.records == 0) return true;
    return part_.text.size() + splitter_.record().size() < most_bytes &&
           splitter_.place() - last_place_ <= most_blank_lines;
}

// Adds the record; blank lines before it count.
void RecordParts::take() {
    bool const lines = form_ == core::RecordForm::lines;
    if (part_.records++ == 0)
        part_.place = splitter_.place();
    else if (lines)
        part_.text.append(static_cast<std::size_t>(splitter_.place() - last_place_ - 1), '\n');
    last_place_ = splitter_.place();
    part_.text.append(splitter_.record()).append(1, lines ? '\n' : ',');
}

void RecordParts::refuse_huge() {
    if (splitter_.pending() <= record_bytes_) return;
    Failure failure = own_failure(413);
    failure.message = (form_ == core::RecordForm::lines ? "The record behind line " : "The record behind number ") +
                      std::to_string(splitter_.place()) + " is larger than " + std::to_string(record_bytes_) + " bytes";
    fault_ = std::move(failure);
}

// Gives the splitter some more text.
Task<void> RecordParts::fill() {
    if (!gunzip_) {
        co_await read();
        co_return;
    }
    std::string_view const piece = gunzip_->next();
    splitter_.add(piece);
    if (piece.empty()) co_await read();
    unpacked_ += piece.size();
    if (unpacked_ < turn_bytes) co_return;
    unpacked_ = 0;
    co_await asio::post(asio::use_awaitable_t<Executor>{});
}

// Reads some more of the body.
Task<void> RecordParts::read() {
    std::optional<std::string> piece = co_await request_.read(part_.text.size() + splitter_.pending());
    ended_ = !piece;
    if (ended_ && gunzip_ && !gunzip_->is_complete())
        fault_ = bad_request("The gzip data of the request body is cut off", "", Style::route);
    if (fault_) co_return;
    if (ended_)
        splitter_.end();
    else if (gunzip_)
        gunzip_->add(std::move(*piece));
    else
        splitter_.add(*piece);
}

}  // namespace eryxon::gateway
