// Values that were replaced for a moment, so that events tell them as they were.
#pragma once

#include "pg/server/prelude.hpp"

#include "core/base/uuid.hpp"

#include <string>

namespace eryxon::pg {

// While it lives, a row's value in a column counts as the given one for events of what comes after it.
class ReplacedValue {
public:
    ReplacedValue(Oid table, const core::Uuid& row, int column, std::string json);
    ~ReplacedValue();
    ReplacedValue(const ReplacedValue&) = delete;
    ReplacedValue& operator=(const ReplacedValue&) = delete;

    // The value as JSON, nullptr if it was not replaced.
    static const std::string* find(Oid table, const core::Uuid& row, int column);

private:
    const ReplacedValue* outer_;
    Oid table_;
    core::Uuid row_;
    int column_;
    std::string json_;
};

}  // namespace eryxon::pg
