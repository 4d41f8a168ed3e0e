#pragma once
// Bytes in memory whose number may be set before they are written: growing writes no zeros, so that
// several threads can fill a large array, each its own part.

#include <cstdint>
#include <memory>
#include <new>
#include <utility>
#include <vector>

namespace bnn {

/// As std::allocator, but elements without a value stay as the memory is.
template <typename T>
class UninitializedAllocator : public std::allocator<T> {
 public:
  template <typename U>
  struct rebind {
    using other = UninitializedAllocator<U>;
  };

  template <typename U>
  void construct(U* place) noexcept {
    ::new (static_cast<void*>(place)) U;
  }
  template <typename U, typename... Values>
  void construct(U* place, Values&&... values) {
    ::new (static_cast<void*>(place)) U(std::forward<Values>(values)...);
  }
};

using ByteArray = std::vector<std::uint8_t, UninitializedAllocator<std::uint8_t>>;

}  // namespace bnn
