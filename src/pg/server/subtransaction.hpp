// Subtransactions, the only place where a server error becomes a value.
#pragma once

#include "pg/server/boundary.hpp"

#include <optional>

extern "C" {
#include "utils/resowner.h"
}

namespace eryxon::pg {

// A subtransaction around some work: rolled back unless the work returns.
class Subtransaction {
public:
    // Returns nothing if the work was committed, the error if it raised one that a record may have; any other
    // error and any other exception is thrown on after the rollback.
    template <class Work>
    static std::optional<Error> run(Work&& work) {
        try {
            run_or_throw(work);
        } catch (const Error& error) {
            if (error.ends_call()) throw;
            return error;
        }
        return std::nullopt;
    }

    // On any exception rolls back and throws on.
    template <class Work>
    static void run_or_throw(Work&& work) {
        Subtransaction subtransaction;
        subtransaction.guard(work);
        subtransaction.commit();
    }

    // Rolls back in any case.
    template <class Work>
    static void run_and_roll_back(Work&& work) {
        Subtransaction subtransaction;
        subtransaction.guard(work);
        subtransaction.roll_back();
    }

private:
    Subtransaction();
    void commit();
    void roll_back();

    template <class Work>
    void guard(Work&& work) {
        try {
            work();
        } catch (...) {
            roll_back();
            throw;
        }
    }

    MemoryContext context_;
    ResourceOwner owner_;
    int level_ = 0;  // of the transaction's nesting, within it
};

}  // namespace eryxon::pg
