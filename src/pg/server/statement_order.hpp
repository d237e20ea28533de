// Numbers of statements, in the order in which they changed rows: that of a row's events.
#pragma once

#include "pg/server/prelude.hpp"

#include <cstdint>

namespace eryxon::pg {

// The number, from the sequence, of the statement whose AFTER trigger this is, or a new one outside of triggers. A
// statement that an AFTER trigger runs comes behind the one that the trigger belongs to, though it is told before. Only
// called where the rows' locks are held, so that numbers rise with each row's changes. May raise: for use within
// call().
std::int64_t statement_number(Oid sequence);

// Puts the hook into the executor; called once when the library is loaded.
void register_statement_hook();

}  // namespace eryxon::pg
