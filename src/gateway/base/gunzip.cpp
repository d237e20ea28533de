// Decompressing gzip with zlib.
#include "gateway/base/gunzip.hpp"

#include "gateway/base/failure.hpp"

#include <zlib.h>

namespace eryxon::gateway {

namespace {

constexpr int gzip_only = 16 + MAX_WBITS;

}  // namespace

void Gunzip::End::operator()(z_stream_s* stream) const {
    inflateEnd(stream);
    delete stream;
}

Gunzip::Gunzip() : stream_(new z_stream_s{}) {
    if (inflateInit2(stream_.get(), gzip_only) != Z_OK) throw internal_error("zlib cannot begin");
}

void Gunzip::add(std::string compressed) {
    compressed_ = std::move(compressed);
    stream_->next_in = reinterpret_cast<Bytef*>(compressed_.data());
    stream_->avail_in = static_cast<uInt>(compressed_.size());
}

// Several members one after the other are one text.
std::string_view Gunzip::next() {
    stream_->next_out = reinterpret_cast<Bytef*>(piece_.data());
    stream_->avail_out = static_cast<uInt>(piece_.size());
    while (stream_->avail_out == piece_.size() && (stream_->avail_in > 0 || !complete_)) {
        if (complete_) inflateReset(stream_.get());
        int const result = inflate(stream_.get(), Z_NO_FLUSH);
        complete_ = result == Z_STREAM_END;
        if (result == Z_BUF_ERROR) break;
        if (result != Z_OK && !complete_) throw bad_request("The request body is not valid gzip", "", Style::route);
    }
    return {piece_.data(), piece_.size() - stream_->avail_out};
}

}  // namespace eryxon::gateway
