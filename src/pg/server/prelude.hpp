// The server's headers, included in one way everywhere: after core's, inside extern "C".
#pragma once

#include "core/base/core.hpp"

// libintl's macros would rewrite std::printf and friends.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#define PGDLLEXPORT __attribute__((visibility("default")))

extern "C" {
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/nodes.h"
#include "utils/elog.h"
#include "utils/memutils.h"

#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif
}

namespace eryxon::pg {

// The server's node if it is of that kind, else nullptr. IsA() means a Node that is not ours.
template <class T>
const T* as_node(const void* node, NodeTag tag) {
    return node != nullptr && static_cast<const ::Node*>(node)->type == tag ? static_cast<const T*>(node) : nullptr;
}

}  // namespace eryxon::pg

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
