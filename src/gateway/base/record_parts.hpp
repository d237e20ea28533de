// The records of a request's body in parts, read no further than the part at hand needs.
#pragma once

#include "core/json/record_splitter.hpp"
#include "gateway/base/failure.hpp"
#include "gateway/base/gunzip.hpp"
#include "gateway/base/message.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace eryxon::gateway {

// How the body of a request has its records, by its headers.
struct RecordFormat {
    core::RecordForm form = core::RecordForm::array;
    bool gzip = false;
};
// Throws Failure 415.
RecordFormat record_format(const Request& request);

// Records with a comma or a line break behind each; the first one stands at that line, or has that number.
struct RecordPart {
    std::string text{};
    std::int64_t place = 0, number = 0;
    std::size_t records = 0;
};

class RecordParts {
public:
    // Parts of at most that many records, none of which is larger than so many bytes. They may be wrapped in an object,
    // under the entity's name.
    RecordParts(const Request& request, const RecordFormat& format, const std::string& entity, std::size_t records,
                std::size_t record_bytes);

    // The next part; nothing at the end of the body. Throws Failure; what is wrong with the text after the records that
    // stand before it.
    Task<std::optional<RecordPart>> next();

private:
    bool gather();
    bool has_room() const;
    void take();
    Task<void> fill();
    Task<void> read();
    void refuse_huge();

    const Request& request_;
    core::RecordForm form_;
    std::optional<Gunzip> gunzip_;
    core::RecordSplitter splitter_;
    std::size_t most_records_, record_bytes_;
    RecordPart part_;
    std::int64_t last_place_ = 0;  // in the part
    std::int64_t number_ = 0;
    std::size_t unpacked_ = 0;  // since others had their turn
    bool waiting_ = false;      // the splitter's record is of the next part
    bool ended_ = false;
    std::optional<Failure> fault_;  // of the text, behind the part at hand
};

}  // namespace eryxon::gateway
