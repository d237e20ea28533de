// Writes jsonb as the server's jsonb_util.c does; utils/jsonb.h describes the format. All of it runs inside one
// pg::call(): nothing here has a destructor, and errors leave by longjmp.
#include "pg/jsonb.hpp"

#include "pg/boundary.hpp"
#include "pg/numeric_bytes.hpp"

#include <algorithm>

extern "C" {
#include "utils/fmgrprotos.h"
}

namespace eryxon::pg {

namespace {

// The bytes written so far, on the stack as long as they are few.
class Output {
public:
    std::size_t size() const { return size_; }
    char* at(std::size_t offset) { return data_ + offset; }

    // Appends room for that many bytes.
    char* extend(std::size_t bytes) {
        if (bytes > capacity_ - size_) grow(bytes);
        size_ += bytes;
        return data_ + size_ - bytes;
    }

    void append(const void* bytes, std::size_t count) {
        if (count > 0) memcpy(extend(count), bytes, count);
    }

    // Numbers and containers begin at boundaries of four bytes.
    void align() {
        std::size_t const gap = INTALIGN(size_) - size_;
        if (gap > 0) memset(extend(gap), 0, gap);
    }

    // The bytes as a varlena, palloc'd.
    Datum finish() {
        SET_VARSIZE(data_, size_);
        if (data_ == few_) data_ = static_cast<char*>(memcpy(palloc(size_), few_, size_));
        return PointerGetDatum(data_);
    }

private:
    void grow(std::size_t bytes) {
        std::size_t const needed = size_ + bytes;
        capacity_ = std::max(needed, std::min<std::size_t>(2 * capacity_, MaxAllocSize));
        if (data_ == few_)
            data_ = static_cast<char*>(memcpy(palloc(capacity_), few_, size_));
        else
            data_ = static_cast<char*>(repalloc(data_, capacity_));
    }

    char few_[1024];
    char* data_ = few_;
    std::size_t size_ = 0;
    std::size_t capacity_ = sizeof few_;
};

[[noreturn]] void refuse_total(const char* kind) {
    ereport(ERROR,
            (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
             errmsg("total size of jsonb %s elements exceeds the maximum of %u bytes", kind, JENTRY_OFFLENMASK)));
    pg_unreachable();
}

// A container that is being written.
class Container {
public:
    // `kind` is for messages.
    Container(Output& out, std::uint32_t flags, std::size_t count, const char* kind)
        : out_(out), start_(out.size()), kind_(kind) {
        std::size_t const children = (flags & JB_FOBJECT) != 0 ? 2 * count : count;
        if (children > JENTRY_OFFLENMASK / sizeof(JEntry)) refuse_total(kind);
        out.align();
        std::uint32_t const header = static_cast<std::uint32_t>(count) | flags;
        out.append(&header, sizeof header);
        next_ = out.size();
        out.extend(children * sizeof(JEntry));
    }

    // Notes the child whose data was just written: its length, or at every 32nd the end of its data.
    void add(JEntry entry) {
        total_ += JBE_OFFLENFLD(entry);
        if (total_ > JENTRY_OFFLENMASK) refuse_total(kind_);
        if (count_++ % JB_OFFSET_STRIDE == 0) entry = (entry & JENTRY_TYPEMASK) | total_ | JENTRY_HAS_OFF;
        memcpy(out_.at(next_), &entry, sizeof entry);
        next_ += sizeof entry;
    }

    // The container's own entry.
    JEntry finish() const {
        std::size_t const size = out_.size() - start_;
        if (size > JENTRY_OFFLENMASK) refuse_total(kind_);
        return JENTRY_ISCONTAINER | static_cast<JEntry>(size);
    }

private:
    Output& out_;
    std::size_t start_;
    const char* kind_;
    std::size_t next_;  // where the next child's entry goes
    std::uint32_t total_ = 0;
    std::uint32_t count_ = 0;
};

// The order of an object's names: by length, then by bytes.
bool stored_before(const core::JsonMember* a, const core::JsonMember* b) {
    if (a->name.size() != b->name.size()) return a->name.size() < b->name.size();
    return memcmp(a->name.data(), b->name.data(), a->name.size()) < 0;
}

// Pointers to the members in the order of their names, in the place given or palloc'd.
std::span<const core::JsonMember*> sort_members(std::span<const core::JsonMember> members,
                                                std::span<const core::JsonMember*> place) {
    if (members.size() > place.size())
        place = {static_cast<const core::JsonMember**>(palloc(members.size() * sizeof(void*))), members.size()};
    place = place.first(members.size());
    std::transform(members.begin(), members.end(), place.begin(), [](const core::JsonMember& each) { return &each; });
    std::sort(place.begin(), place.end(), stored_before);
    return place;
}

JEntry write_value(const core::Json& json, Output& out);

JEntry write_string(std::string_view text, Output& out) {
    if (text.size() > JENTRY_OFFLENMASK)
        ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("string too long to represent as jsonb string"),
                        errdetail("Due to an implementation restriction, jsonb strings cannot exceed %d bytes.",
                                  JENTRY_OFFLENMASK)));
    out.append(text.data(), text.size());
    return JENTRY_ISSTRING | static_cast<JEntry>(text.size());
}

// Appends the number as numeric_in makes it.
void append_numeric(std::string_view token, Output& out) {
    char bytes[most_numeric_bytes];
    if (std::size_t const size = put_numeric(token, bytes)) return out.append(bytes, size);
    char* const text = palloc_copy(token);
    char* const numeric = DatumGetPointer(
        DirectFunctionCall3(numeric_in, CStringGetDatum(text), ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
    out.append(numeric, VARSIZE(numeric));
    pfree(numeric);
    pfree(text);
}

JEntry write_number(std::string_view token, Output& out) {
    std::size_t const start = out.size();
    out.align();
    append_numeric(token, out);
    return JENTRY_ISNUMERIC | static_cast<JEntry>(out.size() - start);
}

JEntry write_array(std::span<const core::Json> items, std::uint32_t flags, Output& out) {
    Container array(out, JB_FARRAY | flags, items.size(), "array");
    for (const core::Json& item : items)
        array.add(write_value(item, out));
    return array.finish();
}

// First all names, then all values.
JEntry write_object(std::span<const core::JsonMember> members, Output& out) {
    const core::JsonMember* few[32];
    Container object(out, JB_FOBJECT, members.size(), "object");
    std::span<const core::JsonMember*> const sorted = sort_members(members, few);
    for (const core::JsonMember* member : sorted)
        object.add(write_string(member->name, out));
    for (const core::JsonMember* member : sorted)
        object.add(write_value(member->value, out));
    if (sorted.data() != few) pfree(sorted.data());
    return object.finish();
}

JEntry write_value(const core::Json& json, Output& out) {
    switch (json.type()) {
        case core::JsonType::null:
            return JENTRY_ISNULL;
        case core::JsonType::boolean:
            return json.as_bool() ? JENTRY_ISBOOL_TRUE : JENTRY_ISBOOL_FALSE;
        case core::JsonType::number:
            return write_number(json.text(), out);
        case core::JsonType::string:
            return write_string(json.text(), out);
        case core::JsonType::array:
            check_stack_depth();
            CHECK_FOR_INTERRUPTS();
            return write_array(json.items(), 0, out);
        case core::JsonType::object:
            check_stack_depth();
            CHECK_FOR_INTERRUPTS();
            return write_object(json.members(), out);
    }
    pg_unreachable();
}

}  // namespace

// A scalar stands in an array that is marked.
Datum make_jsonb(const core::Json& json) {
    return call([&json] {
        Output out;
        out.extend(VARHDRSZ);
        if (json.is_scalar())
            write_array({&json, 1}, JB_FSCALAR, out);
        else
            write_value(json, out);
        return out.finish();
    });
}

}  // namespace eryxon::pg
