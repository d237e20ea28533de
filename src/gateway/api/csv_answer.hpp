// Answers that have to do with CSV files.
#pragma once

#include "core/json/json.hpp"
#include "gateway/api/query.hpp"
#include "gateway/base/message.hpp"
#include "gateway/database/call_answer.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace eryxon::gateway {

// The file that a request brings: its body, or the field "file" of a form. Throws Failure 400 or 415.
std::string_view uploaded_file(const Request& request);

// What an import or inspection is told of the file, by the request's parameters.
struct FileOptions {
    std::string json = "{}";  // the options that the database takes
    std::string run;          // chosen by the client; may be empty
    bool dry_run = false;
    bool names_results = false;  // says which results it wants
};
// Throws Failure 400 for a mapping that is no JSON.
FileOptions file_options(const std::vector<Parameter>& parameters);

// The options, a JSON object, with one member more.
std::string with_member(const std::string& object, const std::string& member);

// The answer {"filename","csv"} as a file to be saved; any other as it stands.
Response csv_response(Answer answer);

// What an import in parts has done so far.
class ImportReport {
public:
    static constexpr std::size_t most_results = 10000;  // that are kept; what comes after them is only counted

    explicit ImportReport(std::string run) : run_(std::move(run)), began_(Clock::now()) {}

    const std::string& run() const { return run_; }
    // Adds the answer of a step; false if it was the last.
    bool add(std::string_view answer);
    // Why the run has failed, if someone else has ended it.
    const std::optional<std::string>& failure() const { return failure_; }
    // Takes the counts of the whole run, which also count steps whose answer was lost.
    void take_run(const core::Json& run);
    // As in the answer of a bulk call.
    std::string json() const;

private:
    static constexpr std::array<std::string_view, 7> names = {"total",   "created", "updated", "restored",
                                                              "skipped", "deleted", "errors"};

    // A warning of the file, whose lines are those of all parts.
    struct FileWarning {
        std::string code, path, message, reason, value;
        std::int64_t lines;
    };

    void keep(const core::Json& results);
    void keep_warning(const core::Json& warning);
    std::string warnings_json() const;

    std::string run_;
    TimePoint began_;
    std::array<std::int64_t, names.size()> counts_{};
    std::string results_;
    std::size_t kept_ = 0;  // of the results
    std::int64_t omitted_ = 0;
    std::vector<FileWarning> warnings_;
    bool cancelled_ = false;
    std::optional<std::string> failure_;
};

}  // namespace eryxon::gateway
