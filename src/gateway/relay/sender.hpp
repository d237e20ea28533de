// Sends deliveries over HTTP, many at a time, with libcurl's multi interface. One thread; nothing here waits but
// wait().
#pragma once

#include "gateway/base/address_rules.hpp"
#include "gateway/base/relay_config.hpp"
#include "gateway/relay/delivery.hpp"

#include <curl/curl.h>
#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace eryxon::gateway {

// A delivery with what became of its try.
struct Tried {
    Delivery delivery;
    Attempt attempt;
};

class Sender {
public:
    explicit Sender(const RelayConfig& config);
    ~Sender();
    Sender(const Sender&) = delete;
    Sender& operator=(const Sender&) = delete;

    // Begins a try. One that cannot begin is finished at once, with its error.
    void send(Delivery delivery);
    std::size_t running() const { return transfers_.size(); }
    // The tries that ended since the last call.
    std::vector<Tried> take_finished();
    // Goes on with all transfers until there is something new on one of them or on a descriptor, or for that long.
    void wait(std::chrono::milliseconds at_most, std::span<curl_waitfd> descriptors);
    // Ends all tries with this error, as interrupted ones.
    void abort(const std::string& error);

private:
    struct Transfer;
    struct CleanUp {
        void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
    };

    void begin(Transfer& transfer);
    void set_up(Transfer& transfer);
    void perform();
    void finish(CURL* easy, CURLcode code);

    const RelayConfig& config_;
    AddressRules rules_;
    std::unique_ptr<CURLM, CleanUp> multi_;
    std::unordered_map<CURL*, std::unique_ptr<Transfer>> transfers_;
    std::vector<Tried> finished_;
};

}  // namespace eryxon::gateway
