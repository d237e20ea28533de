// Writing jsonb's containers as the server's jsonb_util.c does; utils/jsonb.h describes the format.
#include "pg/server/jsonb_layout.hpp"

#include <algorithm>

namespace eryxon::pg {

void refuse_jsonb_total(const char* kind) {
    ereport(ERROR,
            (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
             errmsg("total size of jsonb %s elements exceeds the maximum of %u bytes", kind, JENTRY_OFFLENMASK)));
    pg_unreachable();
}

Datum JsonbOutput::finish() {
    SET_VARSIZE(data_, size_);
    if (data_ == few_) data_ = static_cast<char*>(memcpy(palloc(size_), few_, size_));
    return PointerGetDatum(data_);
}

void JsonbOutput::grow(std::size_t bytes) {
    std::size_t const needed = size_ + bytes;
    capacity_ = std::max(needed, std::min<std::size_t>(2 * capacity_, MaxAllocSize));
    if (data_ == few_)
        data_ = static_cast<char*>(memcpy(palloc(capacity_), few_, size_));
    else
        data_ = static_cast<char*>(repalloc(data_, capacity_));
}

JsonbWriter::JsonbWriter(JsonbOutput& out, std::uint32_t flags, std::size_t count, const char* kind)
    : out_(out), kind_(kind) {
    std::size_t const children = (flags & JB_FOBJECT) != 0 ? 2 * count : count;
    if (children > JENTRY_OFFLENMASK / sizeof(JEntry)) refuse_jsonb_total(kind);
    start_ = out.size();
    out.align();
    std::uint32_t const header = static_cast<std::uint32_t>(count) | flags;
    out.append(&header, sizeof header);
    next_ = out.size();
    out.extend(children * sizeof(JEntry));
}

JEntry JsonbWriter::finish() const {
    std::size_t const size = out_.size() - start_;
    if (size > JENTRY_OFFLENMASK) refuse_jsonb_total(kind_);
    return JENTRY_ISCONTAINER | static_cast<JEntry>(size);
}

JEntry write_jsonb_string(std::string_view text, JsonbOutput& out) {
    if (text.size() > JENTRY_OFFLENMASK)
        ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("string too long to represent as jsonb string"),
                        errdetail("Due to an implementation restriction, jsonb strings cannot exceed %d bytes.",
                                  JENTRY_OFFLENMASK)));
    out.append(text.data(), text.size());
    return JENTRY_ISSTRING | static_cast<JEntry>(text.size());
}

JEntry copy_jsonb_child(const JsonbChild& child, JsonbOutput& out) {
    JEntry const type = child.type();
    std::size_t const start = out.size();
    if (type == JENTRY_ISNUMERIC || type == JENTRY_ISCONTAINER) {
        out.align();
        out.append(child.aligned(), static_cast<std::size_t>(child.data + child.size - child.aligned()));
    } else {
        out.append(child.data, child.size);
    }
    return type | static_cast<JEntry>(out.size() - start);
}

}  // namespace eryxon::pg
