#pragma once
// What the processes that train together tell each other: sums in the fixed tree, parts of arrays,
// signals. A process that trains alone has an Exchange too, which has nothing to do.
//
// Sums. The number of processes P is a power of two. Process r adds up the shards of subtree r of
// the tree of core/tree_sum.h (shard_deal.h). Partners then add their sums, the nearest first (r^1,
// r^2, r^4, …). Addition commutes, so both get the same bits, and these are the tree's. Small
// arrays are added whole (recursive doubling: n log2 P numbers are sent). Of large arrays partners
// add one half each (reduce-scatter by distance doubling): 2 n (P-1)/P numbers with the gathering,
// as many as a ring needs. After it, process r owns segment `segment()`, the bits of r in reverse.
// (Thakur, Rabenseifner and Gropp, "Optimization of Collective Communication Operations in MPICH",
// IJHPCA 2005. MPI_Allreduce does not fix the order.)
//
// Segments are given by P + 1 cuts, the first 0 and the last the array's size. All processes call
// the same functions in the same order with the same sizes, each from one thread.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "bnn/exchange/shard_deal.h"
#include "bnn/exchange/transport.h"

namespace bnn {

/// What is known of a step's shards.
struct StepReport {
  static constexpr std::int64_t kNoFault = std::numeric_limits<std::int64_t>::max();

  double nll = 0.0, correct = 0.0, activity_penalty = 0.0;  // sums
  std::int64_t fault = kNoFault;                            // the lowest number counts
  int signal = 0;                                           // the highest number counts
};

/// What a process has sent so far.
struct Traffic {
  std::uint64_t bytes = 0, messages = 0;
};

class Exchange {
 public:
  /// Alone. @param signal the signal that asks this process to stop, or 0
  explicit Exchange(std::function<int()> signal = {});
  /// With others. The transport must outlive this.
  Exchange(Transport& transport, std::function<int()> signal);
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  int rank() const { return rank_; }
  int processes() const { return processes_; }
  bool is_alone() const { return processes_ == 1; }
  /// The one that writes files and speaks.
  bool is_first() const { return rank_ == 0; }
  std::string place() const { return transport_ != nullptr ? transport_->place() : "this process"; }
  /// The segment that this process owns.
  std::size_t segment() const { return segment_of(rank_); }

  /// The report of all shards, from that of this process's shards. Signals travel with it.
  StepReport total(const StepReport& own, const ShardDeal& deal);
  /// Adds up `values` of all processes whole.
  void sum(std::span<float> values, const ShardDeal& deal);
  /// Adds up `values` of all processes. Only the own segment is complete afterwards.
  void scatter_sum(std::span<float> values, std::span<const std::size_t> cuts,
                   const ShardDeal& deal);

  /// Completes the values in every process: each gives its own segment.
  template <typename T>
  void gather(std::span<T> values, std::span<const std::size_t> cuts, Wait wait) {
    static_assert(std::is_trivially_copyable_v<T>);
    gather_bytes(std::as_writable_bytes(values), cuts, sizeof(T), wait);
  }
  /// Completes the values in the first process.
  template <typename T>
  void gather_to_first(std::span<T> values, std::span<const std::size_t> cuts) {
    static_assert(std::is_trivially_copyable_v<T>);
    gather_bytes_to_first(std::as_writable_bytes(values), cuts, sizeof(T));
  }
  /// The values of the first process, in every process.
  template <typename T>
  void broadcast(std::span<T> values) {
    static_assert(std::is_trivially_copyable_v<T>);
    broadcast_bytes(std::as_writable_bytes(values));
  }
  std::string broadcast_text(const std::string& text);
  /// The texts of all processes, by rank.
  std::vector<std::string> gather_texts(const std::string& text);

  /// The signal that asks all processes to stop, or 0. Of several processes, it is the highest
  /// number that was known when they last agreed (total, agree_on_signal).
  int signal() const;
  /// The signal that asks this process to stop, whatever the others know.
  int own_signal() const { return own_signal_ ? own_signal_() : 0; }
  /// Waits patiently for the others.
  int agree_on_signal();

  const Traffic& traffic() const { return traffic_; }

 private:
  std::size_t segment_of(int rank) const;
  void swap(int partner, std::span<const std::byte> out, std::span<std::byte> in, Wait wait);
  void gather_bytes(std::span<std::byte> values, std::span<const std::size_t> cuts,
                    std::size_t size, Wait wait);
  void gather_bytes_to_first(std::span<std::byte> values, std::span<const std::size_t> cuts,
                             std::size_t size);
  void broadcast_bytes(std::span<std::byte> values);

  Transport* transport_ = nullptr;
  int rank_ = 0, processes_ = 1;
  int agreed_signal_ = 0;
  std::function<int()> own_signal_;
  std::vector<float> received_;
  Traffic traffic_;
};

}  // namespace bnn
