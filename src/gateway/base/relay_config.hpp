// What the relay is told by flags and environment.
#pragma once

#include "gateway/base/address_rules.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace eryxon::gateway {

struct RelayConfig {
    std::string db_uri;
    std::string name;  // of this relay, among those of the database
    std::size_t concurrency = 128;
    std::chrono::duration<double> lease{60};
    std::chrono::duration<double> timeout{15};
    std::chrono::duration<double> poll_interval{5};
    std::chrono::duration<double> shutdown_timeout{20};
    std::vector<AddressRange> allowed_addresses;
    bool allow_http = false;
    std::string ca_file;         // empty: the system's
    std::string metrics_listen;  // ADDR:PORT; empty: no metrics of its own
    bool delivery_log = true;
};

}  // namespace eryxon::gateway
