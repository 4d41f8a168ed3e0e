#pragma once
// How bytes get from one of the processes that train together to another. exchange.h is built on
// it; mpi/mpi_transport.h is the one of real programs.
//
// Every process calls the same functions in the same order, from one thread.

#include <cstddef>
#include <span>
#include <string>

namespace bnn {

/// How long a process may have to wait for its partner.
enum class Wait {
  step,    // not much longer than a step; a transport reports what takes longer
  patient  // much longer: reading data, saving, validating
};

class Transport {
 public:
  Transport() = default;
  virtual ~Transport() = default;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  virtual int rank() const = 0;
  virtual int size() const = 0;
  /// This process in messages: "rank 2 of 4 on node7".
  virtual std::string place() const = 0;

  /// Sends `out` to the partner and receives `in` from it. The partner swaps with this process at
  /// the same time, and both know the sizes. Nothing is sent where they are 0.
  virtual void swap(int partner, std::span<const std::byte> out, std::span<std::byte> in,
                    Wait wait) = 0;
};

}  // namespace bnn
