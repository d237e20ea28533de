// Decompressing gzip (RFC 1952), piece by piece: what little data becomes much is never there all at once.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>

struct z_stream_s;

namespace eryxon::gateway {

class Gunzip {
public:
    Gunzip();

    // Takes some more compressed data; what was there before is used up.
    void add(std::string compressed);
    // The next piece of the data, until the next call; empty if that needs more. Throws Failure 400 for what is no
    // gzip.
    std::string_view next();
    // True if the data ends here.
    bool is_complete() const { return complete_; }

private:
    struct End {
        void operator()(z_stream_s* stream) const;
    };

    std::unique_ptr<z_stream_s, End> stream_;
    std::string compressed_;
    std::array<char, 64 * 1024> piece_{};
    bool complete_ = false;
};

}  // namespace eryxon::gateway
