// How far an import is, told as server-sent events.
#pragma once

#include "gateway/api/service.hpp"

#include <string>

namespace eryxon::gateway {

// Asks for the run until it has ended: "progress" at each change, "done" at the end. Borrows a connection for each
// question only.
class RunEvents : public Stream {
public:
    // The request outlives it. `data` is the run as it is now.
    RunEvents(Service& service, const Request& request, Service::Plan plan, Credentials credentials, std::string data);

    Task<std::optional<std::string>> next() override;

private:
    Task<bool> ask();
    std::string event();

    Service& service_;
    const Request& request_;
    Service::Plan plan_;
    Credentials credentials_;
    Timer timer_;
    std::string data_;
    std::string told_;
    TimePoint told_at_{};
    bool ended_ = false;
};

}  // namespace eryxon::gateway
