// One call of a function, as statements: those that PostgREST sends, but for the access mode of calls that may write,
// which is left to whoever administers the database.
#pragma once

#include "gateway/base/catalog.hpp"
#include "gateway/base/config.hpp"
#include "gateway/base/statement.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace eryxon::gateway {

// What the database is told and asked. The views outlive the call.
struct Call {
    const Function* function = nullptr;        // none: it is only asked who calls
    std::vector<const Argument*> arguments{};  // those that are sent, unless the function takes a document
    const char* document = nullptr;            // the document, or the object that the arguments are taken from
    std::string_view file{};                   // of the argument of type bytea, where there is one; not empty
    bool read_only = false;
    std::string caller{};  // whose share of the connections it takes
    std::string role{};
    std::string claims{};
    std::string method{};
    std::string path{};
    std::string headers{};
    std::string cookies{};
};

class CallWriter {
public:
    CallWriter(const Config& config, Statements& statements);

    // BEGIN, settings, pre-request, the call, COMMIT; the time limit is a statement's, in milliseconds. The arguments
    // must outlive the steps.
    std::vector<Step> write(const Call& call, const std::vector<RoleSetting>& settings, const std::string& time_limit);
    Step rollback() { return {rollback_, {}}; }
    // Places of the statements in write()'s list, from its end.
    static constexpr std::size_t commit_from_end = 1;
    static constexpr std::size_t call_from_end = 2;

private:
    Step settings_step(const Call& call, const std::vector<RoleSetting>& settings, const std::string& time_limit);
    Step call_step(const Call& call);

    Statements& statements_;
    std::string schema_;  // quoted
    std::string search_path_;
    std::string anonymous_role_;
    std::string pre_request_;  // statement; empty: none
    StatementPtr begin_read_;
    StatementPtr begin_write_;
    StatementPtr commit_;
    StatementPtr rollback_;
};

// The name as a quoted SQL identifier.
std::string quote_identifier(std::string_view name);

}  // namespace eryxon::gateway
