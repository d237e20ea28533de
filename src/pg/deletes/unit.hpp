// The name under which upsert knows a cascade set.
#pragma once

#include "pg/deletes/cascade_set.hpp"

namespace eryxon::pg {

using RowUnit = CascadeSet;

}  // namespace eryxon::pg
