// The body of a request as Boost.Beast's parser fills it: like its string_body, but for the room that it takes at once.
#pragma once

#include "gateway/base/prelude.hpp"

#include <algorithm>
#include <boost/beast/core/buffers_range.hpp>
#include <boost/optional.hpp>
#include <cstdint>
#include <string>

namespace eryxon::gateway {

struct TextBody {
    using value_type = std::string;

    class reader {
    public:
        template <class Header>
        reader(Header&, std::string& text) : text_(text) {}

        // What a client says of the length is not believed beyond this.
        void init(const boost::optional<std::uint64_t>& length, ErrorCode& error) {
            constexpr std::uint64_t most = 4 * 1024 * 1024;
            if (length) text_.reserve(static_cast<std::size_t>(std::min(*length, most)));
            error = {};
        }

        template <class Buffers>
        std::size_t put(const Buffers& buffers, ErrorCode& error) {
            std::size_t const before = text_.size();
            for (auto const buffer : boost::beast::buffers_range_ref(buffers))
                text_.append(static_cast<const char*>(buffer.data()), buffer.size());
            error = {};
            return text_.size() - before;
        }

        void finish(ErrorCode& error) { error = {}; }

    private:
        std::string& text_;
    };
};

}  // namespace eryxon::gateway
