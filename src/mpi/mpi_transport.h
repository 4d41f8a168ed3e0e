#pragma once
// The processes that an MPI launcher started (mpirun, mpiexec, srun), as a Transport.
//
// A process waits with MPI_Test and sleeps between tests, so that it leaves its processor to
// others. If a step waits longer than a minute, or half of the stall limit, a warning names the
// processes that give no sign, and after the limit one process ends all with code 70. Each that
// waits tells all others; the lowest of those that wait speaks. Reading, validating and saving may
// take ten times as long.
//
// MPI ends a program for good: finish() is called by all processes together, abort() by one.

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "bnn/exchange/transport.h"

namespace bnn {

class MpiTransport final : public Transport {
 public:
  /// Initialises MPI. One object in a program.
  MpiTransport(int* argc, char*** argv);
  ~MpiTransport() override;

  int rank() const override { return rank_; }
  int size() const override { return static_cast<int>(hosts_.size()); }
  std::string place() const override { return place_of(rank_); }
  void swap(int partner, std::span<const std::byte> out, std::span<std::byte> in,
            Wait wait) override;

  void set_stall_limit(double seconds) { stall_limit_ = seconds; }
  /// How many processes may use the same CPUs of this host, this one included.
  int sharing_processes() const { return sharing_; }
  /// How many processes are on this host.
  int host_processes() const;

  /// Ends MPI. Every process calls it.
  void finish();
  /// Ends all processes with this code.
  [[noreturn]] void abort(int code);

 private:
  struct Requests;

  std::string place_of(int rank) const;
  std::string missing_places() const;
  void wait_for(Requests& requests, Wait wait);
  void tell_others(Wait wait);
  void hear_others();
  double limit_of(Wait wait) const;
  bool is_speaker(Wait wait) const;
  void warn(double seconds, Wait wait);
  [[noreturn]] void give_up(double seconds, Wait wait);

  int rank_ = 0, sharing_ = 1;
  std::vector<std::string> hosts_;  // by rank
  double stall_limit_ = 600;
  std::set<int> waiting_;            // other processes that said that they wait, too
  std::set<int> in_step_;            // those of them that wait in a step
  std::unique_ptr<Requests> swap_;   // of the swap at hand
  std::unique_ptr<Requests> notes_;  // that this process sent
};

}  // namespace bnn
