// What the tests over bare statements share: two tenants, a superuser's session, one PostgREST for all of them, and
// what answers must look like.
#pragma once

#include "postgrest.hpp"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>

namespace eryxon::http_test {

inline const std::string tenant_a = "aaaaaaaa-0000-4000-8000-00000000000a";
inline const std::string tenant_b = "bbbbbbbb-0000-4000-8000-00000000000b";
inline const std::string nobody = "cccccccc-0000-4000-8000-00000000000c";

// The claims of a token of a tenant.
std::string claims_of(const std::string& tenant, const std::string& role = "eryxon_api");
// A record with its external key (source SAP) and further members.
std::string record(const std::string& external_id, const std::string& members);
// A job whose number is its external id.
std::string job(const std::string& external_id, const std::string& members = "");

// A request of a tenant with a token of role eryxon_api.
Request request(const std::string& function, const std::string& body, const std::string& tenant = tenant_a);
// The same by GET, with named arguments.
Request query(const std::string& function, std::vector<std::pair<std::string, std::string>> arguments,
              const std::string& tenant = tenant_a);
// A request without a token, with headers.
Request bare(const std::string& function, const std::string& body, std::map<std::string, std::string> headers = {});

class HttpTest : public testing::Test {
protected:
    // Empties the tables; keys stay.
    void SetUp() override;

    static Session& admin();
    static PostgRest& rest();
    static Answer call(const std::string& function, const std::string& body, const std::string& tenant = tenant_a) {
        return rest().call(request(function, body, tenant));
    }
    static Answer get(const std::string& function, std::vector<std::pair<std::string, std::string>> arguments,
                      const std::string& tenant = tenant_a) {
        return rest().call(query(function, std::move(arguments), tenant));
    }
    // Cell C1, resource R1, job J1 with part P1 and operation O1 for a tenant.
    static void seed(const std::string& tenant = tenant_a);
    // The id of a row by its external id; empty where there is none.
    static std::string id_of(const std::string& entity, const std::string& external_id,
                             const std::string& tenant = tenant_a);
    // Number of rows of a table that meet a condition.
    static int count(const std::string& table, const std::string& condition = "true");
    // Makes a key.
    static std::string new_key(const std::string& tenant, const std::string& further = "");
};

// The answer is a success with this status.
void expect_success(const Answer& answer, int status = 200);
// The answer is a failure in the contract's shape; empty constraint: whatever it is.
void expect_failure(const Answer& answer, int status, const std::string& code, const std::string& constraint = "");
// The answer is an error that was raised, with this status and code.
void expect_raised(const Answer& answer, int status, const std::string& code);
// The status is one of those; nothing of the answer is a server's fault.
void expect_status(const Answer& answer, std::initializer_list<int> statuses);

}  // namespace eryxon::http_test
