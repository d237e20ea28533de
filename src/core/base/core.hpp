// Included first by every header of core: keeps the server's headers out, so that core is compiled,
// tested and fuzzed without PostgreSQL.
#pragma once

#ifdef POSTGRES_H
#error "include core headers before the server's: core is compiled without PostgreSQL"
#endif
