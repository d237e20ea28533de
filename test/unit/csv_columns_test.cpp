// Tests of core/csv_columns and core/csv_inspect.
#include "core/csv/csv_columns.hpp"

#include "core/csv/csv_inspect.hpp"
#include "shop_schema.hpp"

#include <gtest/gtest.h>

using namespace std::string_view_literals;

namespace eryxon::core {

namespace {

const Entity& entity(std::string_view name) {
    return *test::shop_schema().find(name);
}

// What a file of an entity is read as: a record or a fault a line.
std::string read(std::string_view name, std::string_view text, CsvOptions options = {}) {
    JsonArena arena;
    CsvReader reader(text, options.delimiter != '\0' ? options.delimiter : ',');
    CsvRecord line;
    reader.next(line);
    CsvColumns columns(entity(name), line.cells, options);
    std::string out;
    while (reader.next(line)) {
        auto const fault = columns.fault(line);
        out += (fault ? fault->message : json_text(columns.record(line, arena))) + '\n';
    }
    return out;
}

std::string failure(std::string_view name, std::string_view text, CsvOptions options = {}) {
    try {
        read(name, text, std::move(options));
    } catch (const CallError& error) {
        return error.faults().front().message;
    }
    return "none";
}

TEST(CsvColumns, FindFieldsByHeadings) {
    EXPECT_EQ(match_heading(entity("jobs"), "Job Number"), "job_number");
    EXPECT_EQ(match_heading(entity("jobs"), "CUSTOMER-NAME"), "customer_name");
    EXPECT_EQ(match_heading(entity("operations"), "cell name"), "cell_name");
    EXPECT_EQ(match_heading(entity("jobs"), "ExternalID"), "external_id");
    for (const char* heading : {"", "_", "_op", "parts", "tenant_id", "id", "klant"})
        EXPECT_EQ(match_heading(entity("jobs"), heading), "") << heading;
}

TEST(CsvColumns, MakeRecordsOfLines) {
    EXPECT_EQ(read("jobs", "External ID,external_source,Job number,Priority,colour\n1,SAP,J1,,red\n2,SAP,J2,3\n"),
              "{\"colour\":\"red\",\"external_id\":\"1\",\"external_source\":\"SAP\",\"job_number\":\"J1\"}\n"
              "{\"external_id\":\"2\",\"external_source\":\"SAP\",\"job_number\":\"J2\",\"priority\":\"3\"}\n");
}

TEST(CsvColumns, TakeAMappingAndASource) {
    CsvOptions options;
    options.mapping = {{"Klant", "customer"}, {"Intern", std::nullopt}};
    options.external_source = "SAP";
    options.null_token = "-";
    EXPECT_EQ(read("jobs", "external_id,Klant,Intern,notes\n1,ACME,x,-\n", options),
              "{\"customer\":\"ACME\",\"external_id\":\"1\",\"external_source\":\"SAP\",\"notes\":null}\n");
    EXPECT_EQ(
        read("jobs", "external_id,Klant,Intern,external_source\n1,,,\n2,,,Odoo\n", options),
        "{\"external_id\":\"1\",\"external_source\":\"SAP\"}\n{\"external_id\":\"2\",\"external_source\":\"Odoo\"}\n");
}

TEST(CsvColumns, TellEmptyCellsFromMissingOnes) {
    CsvOptions options;
    options.null_token = "";
    EXPECT_EQ(read("jobs", "external_id,notes,customer\n1,\n", options), "{\"external_id\":\"1\",\"notes\":null}\n");
}

TEST(CsvColumns, LeaveToAliasesWhatTheyKnow) {
    JsonArena arena;
    Entity jobs = entity("jobs");
    for (Field& field : jobs.fields)
        if (field.name == "notes") field.value_aliases = {{"", Json::null()}, {"-", Json::string("none")}};
    CsvOptions options;
    options.null_token = "-";
    CsvReader reader("external_id,notes,customer\n1,-,-\n2,,\n", ',');
    CsvRecord line;
    reader.next(line);
    CsvColumns columns(jobs, line.cells, options);
    reader.next(line);
    EXPECT_EQ(json_text(columns.record(line, arena)), "{\"customer\":null,\"external_id\":\"1\",\"notes\":\"-\"}");
    reader.next(line);
    EXPECT_EQ(json_text(columns.record(line, arena)), "{\"external_id\":\"2\",\"notes\":\"\"}");
}

TEST(CsvColumns, RefuseWhatCannotBeMeant) {
    CsvOptions options;
    EXPECT_EQ(failure("jobs", "external_id,External-Id\n"),
              "columns \"external_id\" and \"External-Id\" both map to \"external_id\"");
    EXPECT_EQ(failure("jobs", "external_id,customer,Customer Name\n"),
              "columns \"customer\" and \"Customer Name\" both map to \"customer\"");
    EXPECT_EQ(failure("jobs", "x,x\n"), "columns \"x\" and \"x\" both map to \"x\"");
    EXPECT_EQ(failure("jobs", "a,b\n1,2\n"), "no column of the file is a field of jobs");
    options.mapping = {{"Customer", "customer"}};
    EXPECT_EQ(failure("jobs", "external_id,notes\n", options), "the file has no column \"Customer\"");
}

TEST(CsvColumns, TellWhatIsWrongWithALine) {
    EXPECT_EQ(read("jobs", "external_id,notes\n1,a,b\n2,c,\n3,\"d\"e\n4,x\0y\n"sv),
              "the line has 3 cells, the header 2\n{\"external_id\":\"2\",\"notes\":\"c\"}\n"
              "misplaced or missing quote\nthe cell contains a NUL byte\n");
}

TEST(CsvColumns, TakeRejectedLinesBack) {
    EXPECT_EQ(read("jobs", "external_id,notes,eryxon_line,eryxon_code,eryxon_message\n'=1,'it,7,X,no\n"),
              "{\"external_id\":\"=1\",\"notes\":\"'it\"}\n");
    EXPECT_EQ(read("jobs", "external_id,notes\n'=1,x\n"), "{\"external_id\":\"'=1\",\"notes\":\"x\"}\n");
}

std::string inspected(std::string_view text, std::string_view name = "jobs") {
    JsonArena arena;
    Json const answer = inspect_csv(entity(name), text, {}, arena);
    std::string out;
    for (const JsonMember& member : answer.members())
        if (member.name != "columns" && !(member.value.is_array() && member.value.items().empty()))
            out += (out.empty() ? "" : " ") +
                   (member.value.is_array() ? std::string(member.name) : json_text(member.value));
    for (const JsonMember& member : answer.members())
        if (member.name == "columns")
            for (const Json& column : member.value.items())
                out += ' ' + json_text(column.members()[2].value);
    return out;
}

TEST(CsvInspect, ProposesHowToReadTheFile) {
    EXPECT_EQ(inspected("external_id;job number;due_date\n1;J;31-12-2026\n2;K;1-2-2027\n"),
              "\";\" true \".\" \"DD-MM-YYYY\" \"external_id\" \"job_number\" \"due_date\"");
    EXPECT_EQ(inspected("external_id\testimated time\n1\t1,5\n", "operations"),
              "\"tab\" true \",\" \"YYYY-MM-DD\" \"external_id\" \"estimated_time\"");
    EXPECT_EQ(inspected("external_id,due_date\n1,12/31/2026\n"),
              "\",\" true \".\" \"MM/DD/YYYY\" \"external_id\" \"due_date\"");
    EXPECT_EQ(inspected("external_id,due_date\n1,1/2/2026\n"),
              "\",\" true \".\" \"MM/DD/YYYY\" warnings \"external_id\" \"due_date\"");
    EXPECT_EQ(inspected("1,5,2026\n2,6,2027\n"), "\",\" false \".\" \"YYYY-MM-DD\" null null null");
    EXPECT_EQ(inspected("Order,Klant\n1,ACME\n"), "\",\" true \".\" \"YYYY-MM-DD\" null null");
}

TEST(CsvInspect, FindsDelimitersWhereOthersStandInCells) {
    EXPECT_EQ(find_delimiter("a;b\n1,5;2,5\n3,5;4\n"), ';');
    EXPECT_EQ(find_delimiter("a|b,c\n1|2\n"), '|');
    EXPECT_EQ(find_delimiter("a\n1\n"), ',');
    EXPECT_EQ(find_delimiter("a,b\n\"x;y;z\",1\n"), ',');
}

TEST(CsvInspect, FindsEncodings) {
    EXPECT_EQ(find_encoding("t\xC3\xA9"), "UTF8");
    EXPECT_EQ(find_encoding("\xE9t\xE9 \x80"), "WIN1252");
    EXPECT_EQ(find_encoding("\xE9t\xE9 \x81"), "LATIN1");
    EXPECT_THROW(refuse_other_formats("PK\x03\x04..."), CallError);
    EXPECT_THROW(refuse_other_formats("\xFF\xFEx"), CallError);
    EXPECT_NO_THROW(refuse_other_formats("PK"));
}

}  // namespace

}  // namespace eryxon::core
