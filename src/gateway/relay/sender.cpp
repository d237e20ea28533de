// The address is checked where libcurl opens a socket, so after every look-up of a name and for every address that
// comes of it.
#include "gateway/relay/sender.hpp"

#include "gateway/base/retry_after.hpp"

#include <sys/socket.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <stdexcept>
#include <utility>

namespace eryxon::gateway {

namespace {

constexpr std::size_t longest_answer = 64 * 1024;  // bytes kept of a body
constexpr long name_seconds = 10;                  // that the look-up of a name serves for new connections

// libcurl's global part, once for the process.
void start_curl() {
    static const CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (code != CURLE_OK) throw std::runtime_error(std::string("libcurl: ") + curl_easy_strerror(code));
}

struct CleanUpEasy {
    void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct FreeList {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, FreeList>;

HeaderList header_list(const std::vector<std::string>& headers) {
    HeaderList list;
    for (const std::string& header : headers) {
        curl_slist* const longer = curl_slist_append(list.get(), header.c_str());
        if (longer == nullptr) throw std::bad_alloc();
        static_cast<void>(list.release());
        list.reset(longer);
    }
    return list;
}

template <class Value>
void set(CURL* easy, CURLoption option, Value value) {
    CURLcode const code = curl_easy_setopt(easy, option, value);
    if (code != CURLE_OK) throw std::runtime_error(std::string("libcurl: ") + curl_easy_strerror(code));
}

std::optional<std::int64_t> retry_after(CURL* easy) {
    curl_header* header = nullptr;
    if (curl_easy_header(easy, "Retry-After", 0, CURLH_HEADER, -1, &header) != CURLHE_OK) return std::nullopt;
    return parse_retry_after(header->value, std::time(nullptr));
}

}  // namespace

// A try under way. libcurl refers to its members.
struct Sender::Transfer {
    Transfer(Delivery what, const AddressRules& address_rules) : delivery(std::move(what)), rules(address_rules) {}

    Delivery delivery;
    const AddressRules& rules;
    std::unique_ptr<CURL, CleanUpEasy> easy{curl_easy_init()};
    HeaderList headers;
    std::array<char, CURL_ERROR_SIZE> message{};
    std::string refusal;  // of the last address that was not allowed
    bool opened = false;  // a socket to one that was
    std::string answer;
    bool cut = false;  // the answer was longer than what is kept
    std::chrono::steady_clock::time_point begin = std::chrono::steady_clock::now();

    // Called from C, through which nothing may be thrown: without memory the try fails.
    static curl_socket_t open_socket(void* self, curlsocktype purpose, curl_sockaddr* address) noexcept;
    static std::size_t take_body(char* data, std::size_t size, std::size_t count, void* self) noexcept;
    std::string error(CURLcode code) const;
    Attempt attempt(CURLcode code) const;
    Attempt failed(std::string text) const;
};

// Opens a socket to an address that is allowed.
curl_socket_t Sender::Transfer::open_socket(void* self, curlsocktype, curl_sockaddr* address) noexcept {
    auto& transfer = *static_cast<Transfer*>(self);
    try {
        std::string refusal = transfer.rules.refusal(&address->addr);
        if (!refusal.empty()) {
            transfer.refusal = std::move(refusal);
            return CURL_SOCKET_BAD;
        }
    } catch (const std::bad_alloc&) {
        return CURL_SOCKET_BAD;
    }
    transfer.opened = true;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

// Keeps the begin of the answer; what comes after it ends the transfer.
std::size_t Sender::Transfer::take_body(char* data, std::size_t size, std::size_t count, void* self) noexcept {
    auto& transfer = *static_cast<Transfer*>(self);
    std::size_t const bytes = size * count;
    std::size_t const kept = std::min(bytes, longest_answer - transfer.answer.size());
    try {
        transfer.answer.append(data, kept);
    } catch (const std::bad_alloc&) {
        return 0;
    }
    transfer.cut = kept < bytes;
    return kept;
}

std::string Sender::Transfer::error(CURLcode code) const {
    if (!refusal.empty() && !opened) return refusal;
    return message.front() == '\0' ? curl_easy_strerror(code) : message.data();
}

// The try as it ended.
Attempt Sender::Transfer::attempt(CURLcode code) const {
    if (code != CURLE_OK && !(code == CURLE_WRITE_ERROR && cut)) return failed(error(code));
    Attempt attempt = failed({});
    long status = 0;
    curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &status);
    attempt.error.reset();
    attempt.status = status;
    attempt.retry_after = retry_after(easy.get());
    attempt.response = without_secrets(answer, delivery.headers);
    return attempt;
}

Attempt Sender::Transfer::failed(std::string text) const {
    auto const duration = std::chrono::steady_clock::now() - begin;
    return {.delivery = delivery.id,
            .number = delivery.attempt,
            .error = std::move(text),
            .duration_ms = std::chrono::duration_cast<std::chrono::milliseconds>(duration).count()};
}

Sender::Sender(const RelayConfig& config) : config_(config), rules_(config.allowed_addresses) {
    start_curl();
    multi_.reset(curl_multi_init());
    if (!multi_) throw std::bad_alloc();
    curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, static_cast<long>(config.concurrency));
}

Sender::~Sender() {
    for (auto const& [easy, transfer] : transfers_)
        curl_multi_remove_handle(multi_.get(), easy);
}

// Options of the request: nothing of the environment, no redirects, no other protocol.
void Sender::set_up(Transfer& transfer) {
    CURL* const easy = transfer.easy.get();
    const Delivery& delivery = transfer.delivery;
    auto headers = delivery_headers(delivery, std::time(nullptr));
    headers.emplace_back("Expect:");
    transfer.headers = header_list(headers);
    set(easy, CURLOPT_ERRORBUFFER, transfer.message.data());
    set(easy, CURLOPT_PROTOCOLS_STR, config_.allow_http ? "http,https" : "https");
    set(easy, CURLOPT_URL, delivery.url.c_str());
    set(easy, CURLOPT_HTTPHEADER, transfer.headers.get());
    set(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(delivery.body.size()));
    set(easy, CURLOPT_POSTFIELDS, delivery.body.data());
    set(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(easy, CURLOPT_FOLLOWLOCATION, 0L);
    set(easy, CURLOPT_PROXY, "");
    set(easy, CURLOPT_NOSIGNAL, 1L);
    set(easy, CURLOPT_QUICK_EXIT, 1L);  // a look-up that hangs must not hold the loop at its time limit
    set(easy, CURLOPT_DNS_CACHE_TIMEOUT, name_seconds);
    set(easy, CURLOPT_TIMEOUT_MS, std::max(1L, static_cast<long>(config_.timeout.count() * 1000)));
    set(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    set(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    if (!config_.ca_file.empty()) set(easy, CURLOPT_CAINFO, config_.ca_file.c_str());
    set(easy, CURLOPT_CAPATH, static_cast<char*>(nullptr));  // with the file alone libcurl keeps what it read
    set(easy, CURLOPT_OPENSOCKETFUNCTION, &Transfer::open_socket);
    set(easy, CURLOPT_OPENSOCKETDATA, &transfer);
    set(easy, CURLOPT_WRITEFUNCTION, &Transfer::take_body);
    set(easy, CURLOPT_WRITEDATA, &transfer);
}

void Sender::begin(Transfer& transfer) {
    if (!transfer.easy) throw std::bad_alloc();
    set_up(transfer);
    CURLMcode const code = curl_multi_add_handle(multi_.get(), transfer.easy.get());
    if (code != CURLM_OK) throw std::runtime_error(std::string("libcurl: ") + curl_multi_strerror(code));
}

void Sender::send(Delivery delivery) {
    auto transfer = std::make_unique<Transfer>(std::move(delivery), rules_);
    try {
        begin(*transfer);
        CURL* const easy = transfer->easy.get();
        transfers_.emplace(easy, std::move(transfer));
    } catch (const std::exception& error) {
        Attempt attempt = transfer->failed(error.what());
        finished_.push_back({std::move(transfer->delivery), std::move(attempt)});
    }
}

std::vector<Tried> Sender::take_finished() {
    return std::exchange(finished_, {});
}

// Notes how a transfer ended and forgets it.
void Sender::finish(CURL* easy, CURLcode code) {
    auto const found = transfers_.find(easy);
    Transfer& transfer = *found->second;
    Attempt attempt = transfer.attempt(code);
    curl_multi_remove_handle(multi_.get(), easy);
    finished_.push_back({std::move(transfer.delivery), std::move(attempt)});
    transfers_.erase(found);
}

// Does what can be done at once.
void Sender::perform() {
    int count = 0;
    CURLMcode const code = curl_multi_perform(multi_.get(), &count);
    if (code != CURLM_OK) throw std::runtime_error(std::string("libcurl: ") + curl_multi_strerror(code));
    while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &count))
        if (message->msg == CURLMSG_DONE) finish(message->easy_handle, message->data.result);
}

void Sender::wait(std::chrono::milliseconds at_most, std::span<curl_waitfd> descriptors) {
    perform();
    if (!finished_.empty()) at_most = std::chrono::milliseconds(0);
    curl_multi_poll(multi_.get(), descriptors.data(), static_cast<unsigned>(descriptors.size()),
                    static_cast<int>(std::max<std::int64_t>(0, at_most.count())), nullptr);
    perform();
}

void Sender::abort(const std::string& error) {
    for (auto& [easy, transfer] : transfers_) {
        curl_multi_remove_handle(multi_.get(), easy);
        Attempt attempt = transfer->failed(error);
        attempt.interrupted = true;
        finished_.push_back({std::move(transfer->delivery), std::move(attempt)});
    }
    transfers_.clear();
}

}  // namespace eryxon::gateway
