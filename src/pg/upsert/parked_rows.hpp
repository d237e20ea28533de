// Unique values that give way for a moment, so that rows can swap them.
#pragma once

#include "pg/events/replaced_value.hpp"
#include "pg/upsert/upsert_call.hpp"

#include <deque>

namespace eryxon::pg {

// Thrown where a row whose value gave way was not written afterwards.
struct StillParked {};

// While it lives, the rows have another value, which nobody else has, in a column of the index. No trigger learns of
// it, nor does a policy or any other code of a user's, and events tell the values as they were. Throws StillParked
// where that cannot be.
class ParkedRows {
public:
    ParkedRows(UpsertCall& upsert, std::span<const ParkedValue> values);
    ~ParkedRows();
    ParkedRows(const ParkedRows&) = delete;
    ParkedRows& operator=(const ParkedRows&) = delete;

    // Demands that all of them have been given another value since.
    void require_rewritten() const;

private:
    struct Parked {
        const ParkedValue* value;
        std::string column;
        std::string shown;  // what stands there now, as JSON
    };
    void park(const ParkedValue& value);

    UpsertCall& upsert_;
    std::vector<Parked> rows_;
    std::deque<ReplacedValue> replaced_;
};

}  // namespace eryxon::pg
