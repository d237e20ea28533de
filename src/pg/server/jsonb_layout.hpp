// How jsonb lies in memory: a container is its header, the entries of its children and their data; of an object first
// all names, then all values. Stepping through containers, and writing them. What writes runs inside pg::call():
// nothing here has a destructor, and errors leave by longjmp.
#pragma once

#include "core/base/assert.hpp"
#include "pg/server/prelude.hpp"

#include <string_view>

extern "C" {
#include "utils/jsonb.h"
}

namespace eryxon::pg {

// A child of a container.
struct JsonbChild {
    JEntry entry;
    const char* data;
    std::size_t size;

    JEntry type() const { return entry & JENTRY_TYPEMASK; }
    std::string_view text() const { return {data, size}; }
    // Numbers and containers begin at the next boundary of four bytes.
    const char* aligned() const { return reinterpret_cast<const char*>(INTALIGN(data)); }
    const JsonbContainer& container() const {
        ERYXON_ASSERT(type() == JENTRY_ISCONTAINER);
        return *reinterpret_cast<const JsonbContainer*>(aligned());
    }
};

// Steps through the children of a container.
class JsonbChildren {
public:
    JsonbChildren(const JsonbContainer& container, std::size_t count)
        : next_(container.children), end_(next_ + count), data_(reinterpret_cast<const char*>(end_)) {}

    JsonbChild step() {
        ERYXON_ASSERT(next_ < end_);
        JEntry const entry = *next_++;
        std::uint32_t const begin = offset_;
        JBE_ADVANCE_OFFSET(offset_, entry);
        return {entry, data_ + begin, offset_ - begin};
    }

private:
    const JEntry* next_;
    const JEntry* end_;
    const char* data_;
    std::uint32_t offset_ = 0;
};

// The bytes of a jsonb datum that are written so far, on the stack as long as they are few.
class JsonbOutput {
public:
    JsonbOutput() { extend(VARHDRSZ); }

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

    // The datum, palloc'd.
    Datum finish();

private:
    void grow(std::size_t bytes);

    char few_[1024];
    char* data_ = few_;
    std::size_t size_ = 0;
    std::size_t capacity_ = sizeof few_;
};

// Raises that a container would be larger than jsonb allows.
[[noreturn]] void refuse_jsonb_total(const char* kind);

// A container that is being written. Of an object's children the names come first, then the values, both in the order
// of the names' lengths, then of their bytes.
class JsonbWriter {
public:
    // `kind` is for messages.
    JsonbWriter(JsonbOutput& out, std::uint32_t flags, std::size_t count, const char* kind);

    // Notes the child whose data was just written: its length, or at every 32nd the end of its data.
    void add(JEntry entry) {
        total_ += JBE_OFFLENFLD(entry);
        if (total_ > JENTRY_OFFLENMASK) refuse_jsonb_total(kind_);
        if (count_++ % JB_OFFSET_STRIDE == 0) entry = (entry & JENTRY_TYPEMASK) | total_ | JENTRY_HAS_OFF;
        memcpy(out_.at(next_), &entry, sizeof entry);
        next_ += sizeof entry;
    }
    // The container's own entry.
    JEntry finish() const;

private:
    JsonbOutput& out_;
    std::size_t start_;
    const char* kind_;
    std::size_t next_;  // where the next child's entry goes
    std::uint32_t total_ = 0;
    std::uint32_t count_ = 0;
};

// Appends a string; returns its entry.
JEntry write_jsonb_string(std::string_view text, JsonbOutput& out);
// Appends a child as it lies elsewhere, whatever is in it: a container means the same in every place.
JEntry copy_jsonb_child(const JsonbChild& child, JsonbOutput& out);

}  // namespace eryxon::pg
