// A text that grows by many small pieces and is used again: without the zeroes and checks of std::string. Inside core
// only.
#pragma once

#include "core/base/assert.hpp"
#include "core/base/core.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <string_view>

namespace eryxon::core {

class TextBuffer {
public:
    std::string_view view() const { return {begin_.get(), size_}; }
    void clear() { size_ = 0; }

    void push_back(char c) {
        if (size_ == capacity_) grow(1);
        begin_[size_++] = c;
    }

    void append(std::string_view text) {
        if (text.size() > capacity_ - size_) grow(text.size());
        std::memcpy(begin_.get() + size_, text.data(), text.size());
        size_ += text.size();
    }

    // Room for that many characters at the end; end_at() says how far they were filled.
    char* room(std::size_t characters) {
        if (characters > capacity_ - size_) grow(characters);
        return begin_.get() + size_;
    }
    void end_at(const char* end) {
        ERYXON_ASSERT(end >= begin_.get() && end <= begin_.get() + capacity_);
        size_ = static_cast<std::size_t>(end - begin_.get());
    }

private:
    void grow(std::size_t more) {
        capacity_ = std::max(2 * capacity_, size_ + more + 1000);
        auto larger = std::make_unique_for_overwrite<char[]>(capacity_);
        if (size_ > 0) std::memcpy(larger.get(), begin_.get(), size_);
        begin_ = std::move(larger);
    }

    std::unique_ptr<char[]> begin_;
    std::size_t size_ = 0, capacity_ = 0;
};

}  // namespace eryxon::core
