// The server's headers, included in one way everywhere: after core's, inside extern "C".
#pragma once

#include "core/core.hpp"

// libintl's macros would rewrite std::printf and friends.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#define PGDLLEXPORT __attribute__((visibility("default")))

extern "C" {
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/elog.h"
#include "utils/memutils.h"

#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif
}

#undef gettext
#undef dgettext
#undef ngettext
#undef dngettext
#undef snprintf
#undef vsnprintf
#undef sprintf
#undef vsprintf
#undef printf
#undef fprintf
