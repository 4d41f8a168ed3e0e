#pragma once
// Counts what operator new hands out, in this whole program.

#include <cstddef>

namespace bnn::proof {

/// The most bytes at a time, beyond those at the construction of the object.
class AllocationWatch {
 public:
  AllocationWatch();
  std::size_t most() const;

 private:
  std::size_t at_start_;
};

}  // namespace bnn::proof
