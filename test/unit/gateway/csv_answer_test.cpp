// What an import is told of its file, and the sum of its parts.
#include "gateway/api/csv_answer.hpp"
#include "gateway/base/failure.hpp"

#include <gtest/gtest.h>

namespace eryxon::gateway {
namespace {

TEST(FileOptions, HaveTheTypesThatTheDatabaseTakes) {
    FileOptions const options = file_options({{"max_errors", "5"}, {"adopt", "true"}, {"client_ref", "7"}});
    EXPECT_EQ(options.json, R"({"max_errors":5,"adopt":true,"client_ref":"7"})");
    EXPECT_EQ(file_options({{"max_errors", "007"}}).json, R"({"max_errors":"007"})");
    EXPECT_EQ(file_options({{"max_errors", "x"}, {"header", "1"}}).json, R"({"max_errors":"x","header":"1"})");
}

TEST(FileOptions, TellWhetherResultsAreNamed) {
    EXPECT_TRUE(file_options({{"results", "all"}}).names_results);
    EXPECT_FALSE(file_options({{"mapping", R"({"results":"notes"})"}}).names_results);
}

// The answer of a step with so many failed lines.
std::string step(int lines) {
    std::string results;
    for (int line = 0; line < lines; ++line)
        results += std::string(line > 0 ? "," : "") + R"({"action":"error"})";
    return R"({"success":true,"data":{"more":true,"total":)" + std::to_string(lines) +
           ",\"errors\":" + std::to_string(lines) + ",\"results\":[" + results + "]}}";
}

// How many results a report has.
std::size_t results_in(const std::string& report) {
    core::JsonArena arena;
    return core::parse_json(report, arena).find("results")->items().size();
}

TEST(ImportReport, KeepsTheFirstResultsAndCountsAll) {
    ImportReport report("r");
    for (int part = 0; part < 10; ++part)
        EXPECT_TRUE(report.add(step(1000)));
    EXPECT_EQ(results_in(report.json()), ImportReport::most_results);
    EXPECT_EQ(report.json().find("results_omitted"), std::string::npos);
    EXPECT_TRUE(report.add(step(1)));
    EXPECT_TRUE(report.add(step(1000)));
    EXPECT_EQ(results_in(report.json()), ImportReport::most_results);
    EXPECT_NE(report.json().find("\"errors\":11001"), std::string::npos);
    EXPECT_NE(report.json().find("\"results_omitted\":1001,"), std::string::npos);
    EXPECT_TRUE(report.add(step(0)));
    EXPECT_NE(report.json().find("\"results_omitted\":1001,"), std::string::npos);
}

TEST(ImportReport, AddsUpTheWarningsOfTheFile) {
    ImportReport report("r");
    std::string const part =
        R"({"success":true,"data":{"more":true,"results":[],"warnings":[{"code":"UNKNOWN_FIELD",)"
        R"("path":"x","message":"unknown field","params":{"reason":"unknown_field","lines":3}}]}})";
    EXPECT_TRUE(report.add(part));
    EXPECT_TRUE(report.add(part));
    EXPECT_NE(
        report.json().find(R"("path":"x","message":"unknown field","params":{"reason":"unknown_field","lines":6}}])"),
        std::string::npos);
}

TEST(ImportReport, KnowsARunThatFailed) {
    ImportReport report("r");
    EXPECT_FALSE(report.add(
        R"({"success":true,"data":{"more":false,"run":{"status":"failed","failure":"given up","total":7}}})"));
    EXPECT_EQ(report.failure(), "given up");
    EXPECT_NE(report.json().find("\"total\":7"), std::string::npos);
    ImportReport other("r");
    EXPECT_FALSE(other.add(R"({"success":true,"data":{"more":false,"run":{"status":"completed","failure":null}}})"));
    EXPECT_FALSE(other.failure());
    EXPECT_FALSE(other.add(
        R"({"success":true,"data":{"more":false,"run":{"status":"failed","failure":null,"done":3,"records":3}}})"));
    EXPECT_FALSE(other.failure());
    EXPECT_FALSE(other.add(
        R"({"success":true,"data":{"more":false,"run":{"status":"failed","failure":null,"done":2,"records":3}}})"));
    EXPECT_TRUE(other.failure());
}

TEST(ImportReport, RefusesAnswersOfAnotherShape) {
    ImportReport report("r");
    for (const char* answer : {"", "null", "[]", "{}", R"({"data":1})", R"({"data":{"more":false}})"})
        EXPECT_THROW(report.add(answer), Failure) << answer;
    EXPECT_THROW(csv_response({.body = "{}", .headers = {}}), Failure);
}

}  // namespace
}  // namespace eryxon::gateway
