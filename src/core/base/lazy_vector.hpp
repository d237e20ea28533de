// A vector that is nearly always empty, and then takes one pointer: what most records do not have should not make all
// of them larger.
#pragma once

#include "core/base/assert.hpp"
#include "core/base/core.hpp"

#include <cstddef>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

namespace eryxon::core {

template <class T>
class LazyVector {
public:
    using value_type = T;

    bool empty() const { return !items_ || items_->empty(); }
    std::size_t size() const { return items_ ? items_->size() : 0; }
    T* begin() { return items_ ? items_->data() : nullptr; }
    T* end() { return begin() + size(); }
    const T* begin() const { return items_ ? items_->data() : nullptr; }
    const T* end() const { return begin() + size(); }
    T& operator[](std::size_t index) {
        ERYXON_ASSERT(index < size());
        return (*items_)[index];
    }
    const T& operator[](std::size_t index) const {
        ERYXON_ASSERT(index < size());
        return (*items_)[index];
    }
    const T& at(std::size_t index) const {
        if (index >= size()) throw std::out_of_range("LazyVector::at");
        return (*items_)[index];
    }
    T& front() { return (*this)[0]; }
    const T& front() const { return (*this)[0]; }
    T& back() { return (*this)[size() - 1]; }
    const T& back() const { return (*this)[size() - 1]; }

    template <class... Arguments>
    T& emplace_back(Arguments&&... arguments) {
        return items().emplace_back(std::forward<Arguments>(arguments)...);
    }
    void push_back(T item) { items().push_back(std::move(item)); }
    template <class Range>
    void append(const Range& more) {
        if (more.begin() != more.end()) items().insert(items().end(), more.begin(), more.end());
    }
    void clear() { items_.reset(); }

    // The items as a vector, made when it is first asked for.
    std::vector<T>& items() {
        if (!items_) items_ = std::make_unique<std::vector<T>>();
        return *items_;
    }

private:
    std::unique_ptr<std::vector<T>> items_;
};

}  // namespace eryxon::core
