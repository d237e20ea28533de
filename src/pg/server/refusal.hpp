// Errors of deletes and restores, raised as the server's own with the details of the product.
#pragma once

#include "pg/server/boundary.hpp"

#include "core/base/error.hpp"

namespace eryxon::pg {

struct Refusal {
    core::Code code;
    std::string message;
    std::string hint{};
    Oid table = InvalidOid;
    std::string constraint{};
    std::string sqlstate{};  // only where it differs from the code's own
};

// Raises it: DETAIL is the JSON array of details.
[[noreturn]] void refuse(const Refusal& refusal);

// Raises an error of the server again as the error of a call about one row: with its SQLSTATE and message, the details
// and a hint. Errors that end the call, and those that have their details, are thrown on as they are.
[[noreturn]] void refuse(const Error& error, const std::string& hint = {});

// True if the error's DETAIL is the JSON array of the product; a trigger's may look like one.
bool has_details(const Error& error);

// The details of an error of the server: those that it brings, else one entry made of its message.
std::string details_of(const Error& error);

}  // namespace eryxon::pg
