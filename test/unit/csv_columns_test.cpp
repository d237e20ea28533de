// Tests of core/csv_columns and core/csv_inspect.
#include "core/csv/csv_columns.hpp"

#include "core/csv/csv_encoding.hpp"
#include "core/csv/csv_format_hints.hpp"
#include "core/csv/csv_guess.hpp"
#include "core/csv/csv_heading.hpp"
#include "core/csv/csv_inspect.hpp"
#include "core/csv/csv_layout.hpp"
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
              "{\"external_id\":\"1\",\"external_source\":\"SAP\",\"job_number\":\"J1\"}\n"
              "{\"external_id\":\"2\",\"external_source\":\"SAP\",\"job_number\":\"J2\",\"priority\":\"3\"}\n");
}

TEST(CsvColumns, TakeAMappingAndASource) {
    CsvOptions options;
    options.mapping = {{"Klant", {"customer"}}, {"Intern", {}}};
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
    EXPECT_EQ(failure("jobs", "notes,notes\n"), "columns \"notes\" and \"notes\" both map to \"notes\"");
    EXPECT_EQ(failure("jobs", "external_id,Text,Text\n"), "none");
    EXPECT_EQ(failure("jobs", "a,b\n1,2\n"), "no column of the file is a field of jobs");
    options.mapping = {{"Customer", {"customer"}}};
    EXPECT_EQ(failure("jobs", "external_id,notes\n", options), "the file has no column \"Customer\"");
}

TEST(CsvColumns, TellWhatIsWrongWithALine) {
    EXPECT_EQ(read("jobs", "external_id,notes\n1,a,b\n2,c,\n3,\"d\"e\n4,x\0y\n"sv),
              "the line has 3 cells, the header 2\n{\"external_id\":\"2\",\"notes\":\"c\"}\n"
              "misplaced or missing quote\nthe cell contains a NUL byte\n");
}

TEST(CsvColumns, FindFieldsByOddHeadings) {
    for (const char* heading : {"external\u00A0id", "External\nID", "\uFEFFexternal_id", "Ext\u00ADernal\tId *"})
        EXPECT_EQ(match_heading(entity("jobs"), heading), "external_id") << heading;
    EXPECT_EQ(match_synonym(entity("jobs"), "Auftrags-Nr."), "job_number");
    EXPECT_EQ(match_synonym(entity("jobs"), "Priorit\u00E4t"), "priority");
    EXPECT_EQ(match_synonym(entity("parts"), "Auftrag"), "job_external_id");
    EXPECT_EQ(match_synonym(entity("operations"), "R\u00FCstzeit (min)"), "setup_time");
    EXPECT_EQ(match_synonym(entity("jobs"), "Auftragsart"), "");
    EXPECT_EQ(read("jobs", "external_id,Klant,customer\n1,a,b\n"), "{\"customer\":\"b\",\"external_id\":\"1\"}\n");
}

TEST(CsvColumns, MakeSeveralFieldsOfOneColumnAndOneOfSeveral) {
    CsvOptions options;
    options.mapping = {{"Auftrag", {"external_id", "job_number"}}};
    EXPECT_EQ(read("jobs", "Auftrag\n7\n", options), "{\"external_id\":\"7\",\"job_number\":\"7\"}\n");
    options.mapping = {};
    options.made = {{"external_id", {{"Auftrag", true}, {"/", false}, {"Pos", true}}}, {"notes", {{"x", false}}}};
    EXPECT_EQ(read("jobs", "Auftrag,Pos\n7,10\n8,\n", options),
              "{\"external_id\":\"7/10\",\"job_number\":\"7\",\"notes\":\"x\"}\n"
              "{\"job_number\":\"8\",\"notes\":\"x\"}\n");
    options.made = {{"external_id", {{"Position", true}}}};
    EXPECT_EQ(failure("jobs", "Auftrag,Pos\n", options), "the file has no column \"Position\"");
}

TEST(CsvColumns, LeaveOutWhatIsNotMapped) {
    CsvOptions options;
    options.mapping = {{"Nr", {"external_id"}}};
    options.only_mapped = true;
    EXPECT_EQ(read("jobs", "Nr,job_number,Kunde,_op\n7,8,Meier,x\n", options), "{\"external_id\":\"7\"}\n");
}

TEST(CsvColumns, RefuseLinesThatAreNoRecords) {
    EXPECT_EQ(read("jobs",
                   "external_id,notes\n1,a\nexternal_id,notes\n-----------,-----\nSumme:,2\n\uFEFFexternal_id,notes\n"),
              "{\"external_id\":\"1\",\"notes\":\"a\"}\nthe line repeats the header\n"
              "the line separates others and is no record\n"
              "\"Summe:\" is no external_id: the line seems to sum up others\nthe line repeats the header\n");
    EXPECT_EQ(read("jobs", "external_id,notes\n1,J\uFFFDger\n2,M\u0081\n"),
              "the cell has bytes that are no characters in the file's encoding\n"
              "the cell has a control character that no text has\n");
}

// Codes and paths of the warnings of a file.
std::string warnings(std::string_view name, std::string_view text, const CsvOptions& options = {}) {
    JsonArena arena;
    CsvReader reader(text, ',');
    CsvRecord line;
    reader.next(line);
    CsvColumns columns(entity(name), line.cells, options);
    std::string out;
    while (reader.next(line)) {
        columns.record(line, arena);
        if (auto const warning = columns.warning(line, ',')) out += std::string(warning->code) + ' ';
    }
    for (const Warning& warning : columns.file_warnings())
        out += std::string(warning.code) + ':' + warning.path + ' ' + warning.params + ' ';
    return out;
}

TEST(CsvColumns, WarnOncePerFile) {
    EXPECT_EQ(warnings("jobs", "external_id,x,_airbyte_ab_id,parts,tenant_id,y\n1,a,b,c,d,\n2,a,,,,\n"),
              "UNKNOWN_FIELD:x {\"reason\":\"unknown_field\",\"lines\":2} "
              "UNKNOWN_FIELD:_airbyte_ab_id {\"reason\":\"unknown_field\",\"lines\":1} "
              "UNKNOWN_FIELD:parts {\"reason\":\"unknown_field\",\"lines\":1} "
              "READ_ONLY:tenant_id {\"reason\":\"read_only\",\"lines\":1} ");
    CsvOptions options;
    options.unknown_fields = UnknownFields::ignore;
    EXPECT_EQ(warnings("jobs", "external_id,x\n1,a\n", options), "");
    EXPECT_EQ(warnings("parts", "external_id,quantity\n1,1.000\n2,7\n"),
              "NUMBER_SIGN: {\"reason\":\"number_sign\",\"value\":\"1.000\",\"lines\":1} ");
    EXPECT_EQ(warnings("parts", "external_id,quantity\n1,1.000\n2,7.5\n"), "");
}

TEST(CsvColumns, WarnOfSwallowedLines) {
    EXPECT_EQ(warnings("jobs", "external_id,notes\n1,\"Rohr 1\"\"\n2,Kunz\n3,Rohr 2\"\"\"\n"), "SWALLOWED_LINES ");
    EXPECT_EQ(warnings("jobs", "external_id,notes\n1,\"two\nlines\"\n\"a\nb\",c\n"), "");
}

TEST(CsvColumns, TakeRejectedLinesBack) {
    EXPECT_EQ(read("jobs", "external_id,notes,eryxon_line,eryxon_code,eryxon_message\n'=1,'it,7,X,no\n"),
              "{\"external_id\":\"=1\",\"notes\":\"'it\"}\n");
    EXPECT_EQ(read("jobs", "external_id,notes\n'=1,x\n"), "{\"external_id\":\"'=1\",\"notes\":\"x\"}\n");
}

std::string inspected(std::string_view text, std::string_view name = "jobs", const CsvOptions& options = {}) {
    JsonArena arena;
    Json const answer = inspect_csv(entity(name), text, options, {}, arena);
    std::string out;
    for (const JsonMember& member : answer.members())
        if (member.name == "warnings" && !member.value.items().empty())
            out += std::string(member.value.items()[0].members()[0].value.text()) + ' ';
        else if (!member.value.is_array())
            out += json_text(member.value) + ' ';
    for (const JsonMember& member : answer.members())
        if (member.name == "columns")
            for (const Json& column : member.value.items())
                out +=
                    ' ' + (column.members()[2].value.is_null() ? "-" : std::string(column.members()[2].value.text()));
    return out;
}

TEST(CsvInspect, ProposesHowToReadTheFile) {
    EXPECT_EQ(inspected("external_id;job number;due_date\n1;J;31-12-2026\n2;K;1-2-2027\n"),
              "\";\" true 1 \".\" \"\" \"DD-MM-YYYY\"  external_id job_number due_date");
    EXPECT_EQ(inspected("external_id\testimated time\n1\t1,5\n", "operations"),
              "\"tab\" true 1 \",\" \".\" \"YYYY-MM-DD\"  external_id estimated_time");
    EXPECT_EQ(inspected("external_id,due_date\n1,12/31/2026\n"),
              "\",\" true 1 \".\" \"\" \"MM/DD/YYYY\"  external_id due_date");
    EXPECT_EQ(inspected("external_id,due_date\n1,1/2/2026\n"),
              "\",\" true 1 \".\" \"\" \"MM/DD/YYYY\" DATE_ORDER  external_id due_date");
    EXPECT_EQ(inspected("1,5,2026\n2,6,2027\n"), "\",\" false 1 \".\" \"\" \"YYYY-MM-DD\"  - - -");
    EXPECT_EQ(inspected("Order,Klant\n1,ACME\n"), "\",\" true 1 \".\" \"\" \"YYYY-MM-DD\"  job_number customer");
}

TEST(CsvInspect, ProposesNoDecimalSignThatTheNumbersDoNotTell) {
    EXPECT_EQ(inspected("external_id;quantity\n1;1.234\n2;850\n", "parts"),
              "\";\" true 1 null null \"YYYY-MM-DD\" NUMBER_SIGN  external_id quantity");
    EXPECT_EQ(inspected("external_id;quantity;Preis\n1;7;8,50\n", "parts"),
              "\";\" true 1 \".\" \"\" \"YYYY-MM-DD\"  external_id quantity -");
    CsvOptions options;
    options.mapping = {{"Zahl", {"quantity"}}};
    EXPECT_EQ(inspected("external_id;Zahl\n1;1.234\n", "parts", options),
              "\";\" true 1 null null \"YYYY-MM-DD\" NUMBER_SIGN  external_id -");
}

TEST(CsvInspect, FindsTheHeaderBelowTitles) {
    EXPECT_EQ(inspected("Orders of May\n\nexternal_id,job_number\n1,J\n"),
              "\",\" true 3 \".\" \"\" \"YYYY-MM-DD\"  external_id job_number");
    EXPECT_EQ(inspected("EXTF;700\nx;y;z\n1;2;3\n"), "\";\" false 1 \".\" \"\" \"YYYY-MM-DD\"  - -");
    EXPECT_EQ(inspected("\"sep=;\"\r\nexternal_id;job_number\r\n1;J\r\n"),
              "\";\" true 2 \".\" \"\" \"YYYY-MM-DD\"  external_id job_number");
}

// The fields that are proposed for headings, guesses with a question mark.
std::string proposed(std::string_view name, std::vector<std::string_view> headings,
                     const std::vector<CsvMapped>& known = {}) {
    std::string out;
    for (const CsvProposal& proposal : propose_fields(entity(name), headings, known))
        out += (proposal.field.empty() ? "-" : std::string(proposal.field)) + (proposal.certain ? " " : "? ");
    return out;
}

TEST(CsvGuess, TellsWhatIsCertain) {
    EXPECT_EQ(proposed("jobs", {"external_id", "Auftrag", "Kunde", "Farbe"}), "external_id job_number customer - ");
    EXPECT_EQ(proposed("jobs", {"Kunde", "Klant"}), "customer? - ");
    EXPECT_EQ(proposed("jobs", {"Klant", "customer"}), "- customer ");
    EXPECT_EQ(proposed("jobs", {"customer", "Customer Name"}), "customer? - ");
}

TEST(CsvGuess, TakesWordsWithOtherLetters) {
    EXPECT_EQ(proposed("jobs", {"Kunnde", "Liefertremin", "Auftragsnumer", "_Kundde"}),
              "customer? due_date? job_number? - ");
    EXPECT_EQ(proposed("parts", {"Menga", "Mente", "Art"}), "quantity? - - ");
    EXPECT_EQ(proposed("jobs", {"eryxon_line", "1", "Kundee", "Kunde"}), "- - - customer ");
}

TEST(CsvGuess, TakesWhatWasChosenBefore) {
    std::vector<CsvMapped> const known = {
        {"Bestell-Zeichen", {"external_id"}}, {"Werk", {"tenant_id"}}, {"Kunde", {"notes"}}};
    EXPECT_EQ(proposed("jobs", {"bestellzeichen", "Werk", "Kunde"}, known), "external_id? - customer ");
}

TEST(CsvGuess, CountsLetters) {
    EXPECT_EQ(letters_apart("menge", "menge"), 0U);
    EXPECT_EQ(letters_apart("menge", "megne"), 1U);
    EXPECT_EQ(letters_apart("menge", "mnge"), 1U);
    EXPECT_EQ(letters_apart("", "ab"), 2U);
    EXPECT_EQ(letters_apart("kunde", "hunte"), 2U);
}

// What is proposed where these cells of a field were refused.
std::string hints(std::string_view field, Code code, std::vector<std::string> cells, const CsvOptions& options = {}) {
    CsvFormatHints hints(entity("operations"), options);
    for (const std::string& cell : cells)
        hints.look({code, std::string(field), "", '"' + cell + '"'});
    std::string out;
    for (const Warning& warning : hints.warnings())
        out += warning.params;
    return out;
}

TEST(CsvFormatHints, CountWhatWouldBeTakenInAnotherForm) {
    CsvOptions options;
    EXPECT_EQ(hints("due_date", Code::date_format, {"31.12.2026", "1.2.2026", "30.11.2026 10:00", "soon"}),
              "{\"reason\":\"other_dates\",\"value\":\"DD-MM-YYYY\",\"lines\":3}");
    EXPECT_EQ(hints("due_date", Code::date_format, {"31.12.2026", "1.2.2026"}), "");
    EXPECT_EQ(hints("due_date", Code::date_format, {"1.2.2026", "2.3.2026", "3.4.2026"}),
              "{\"reason\":\"other_dates\",\"value\":\"DD-MM-YYYY\",\"lines\":3}"
              "{\"reason\":\"other_dates\",\"value\":\"MM/DD/YYYY\",\"lines\":3}");
    options.dates = DateOrder::month_first;
    EXPECT_EQ(hints("due_date", Code::date_format, {"31.12.2026", "30.12.2026", "29.12.2026"}, options),
              "{\"reason\":\"other_dates\",\"value\":\"DD-MM-YYYY\",\"lines\":3}");
    EXPECT_EQ(hints("estimated_time", Code::type_mismatch, {"1,5", "2,5", "1.000,25", "x"}),
              "{\"reason\":\"other_numbers\",\"value\":\",\",\"lines\":3}");
    options.number = {',', '.'};
    EXPECT_EQ(hints("estimated_time", Code::type_mismatch, {"1.5", "2.5", "1,000.25"}, options),
              "{\"reason\":\"other_numbers\",\"value\":\".\",\"lines\":3}");
    EXPECT_EQ(hints("operation_name", Code::type_mismatch, {"1,5", "2,5", "3,5"}), "");
}

char delimiter_of(std::string_view text) {
    return find_layout(entity("jobs"), text, {}).delimiter;
}

TEST(CsvLayout, FindsDelimitersWhereOthersStandInCells) {
    EXPECT_EQ(delimiter_of("a;b\n1,5;2,5\n3,5;4\n"), ';');
    EXPECT_EQ(delimiter_of("a|b,c\n1|2\n"), '|');
    EXPECT_EQ(delimiter_of("a\n1\n"), ',');
    EXPECT_EQ(delimiter_of("a,b\n\"x;y;z\",1\n"), ',');
    EXPECT_EQ(delimiter_of("external_id;job_number;customer;Preis, EUR\nA;J;M;12,50\nB;K;N;8,00\nSum;20,50\n"), ';');
    EXPECT_EQ(delimiter_of("external_id;job_number, Pos\nA1;J1, 10\nA2;J2, 20\n"), ';');
    EXPECT_EQ(delimiter_of("sep=;\nexternal_id;job_number\n"), ';');
}

TEST(CsvLayout, SkipsWhatStandsAboveTheHeader) {
    CsvOptions options;
    EXPECT_EQ(find_layout(entity("jobs"), "sep=;\na;b\n", options).skipped, 1U);
    EXPECT_EQ(find_layout(entity("jobs"), "sep\na;b\n", options).skipped, 0U);
    options.header_line = 4;
    EXPECT_EQ(find_layout(entity("jobs"), "a\nb\nc\nd\n", options).skipped, 3U);
    EXPECT_EQ(find_layout(entity("jobs"), "eryxon_line,eryxon_code\n", options).skipped, 0U);
}

TEST(CsvInspect, FindsEncodings) {
    EXPECT_EQ(find_encoding("t\xC3\xA9"), "UTF8");
    EXPECT_EQ(find_encoding("\xE9t\xE9 \x80"), "WIN1252");
    EXPECT_EQ(find_encoding("M\xC3\xBCller\nJ\xE4ger"), "UTF8");
    EXPECT_EQ(find_encoding("\xEF\xBB\xBFJ\xE4ger"), "UTF8");
    EXPECT_EQ(find_encoding("M\xC3"), "UTF8");
    EXPECT_EQ(find_encoding("Ma\xDF\x93 J\xE4"), "WIN1252");
    EXPECT_EQ(with_replacements("a\xE4g\xC3\xBC\xC3"), "a\uFFFDg\u00FC\uFFFD");
    EXPECT_EQ(undefined_in_windows_1252("a\nM\x81ller"), 2U);
    EXPECT_EQ(unreadable_character("a\u00A0\u0081b"), "\u0081");
    EXPECT_EQ(unreadable_character("a\u00FC"), "");
    EXPECT_THROW(refuse_other_formats("PK\x03\x04..."), CallError);
    EXPECT_THROW(refuse_other_formats("\xFF\xFEx"), CallError);
    EXPECT_NO_THROW(refuse_other_formats("PK"));
}

}  // namespace

}  // namespace eryxon::core
