#include "mpi_transport.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fmt/format.h>
#include <mpi.h>
#include <sched.h>
#include <thread>
#include <unistd.h>

namespace bnn {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kDataTag = 1, kNoteTag = 2;
constexpr std::size_t kPiece = std::size_t{1} << 30;  // MPI counts by int
constexpr double kMostBeforeWarning = 60;
constexpr double kShortWait = 200e-6;  // a processor is not given away for less
constexpr double kLongWait = 1;        // others are listened to from here on
constexpr double kMostHearing = 2;     // how much later than this process others may begin to wait

// How long this process waits. What it slept through, because it was stopped, does not count: it
// would take the others for stalled.
class WaitClock {
 public:
  double seconds() {
    const Clock::time_point now = Clock::now();
    const double gap = std::chrono::duration<double>(now - last_).count();
    last_ = now;
    seconds_ += std::min(gap, kLongestGap);
    return seconds_;
  }

 private:
  static constexpr double kLongestGap = 0.25;

  Clock::time_point last_ = Clock::now();
  double seconds_ = 0;
};

// The host's name and the CPUs that the process may use.
struct Seat {
  std::array<char, 256> host = {};
  cpu_set_t cpus = {};
};

Seat own_seat() {
  Seat seat;
  gethostname(seat.host.data(), seat.host.size() - 1);
  CPU_ZERO(&seat.cpus);
  sched_getaffinity(0, sizeof seat.cpus, &seat.cpus);
  return seat;
}

void pause_after(double waited) {
  if (waited < kShortWait) {
    sched_yield();
  } else {
    const auto pause = waited < 0.01 ? 20 : waited < kLongWait ? 100 : 2000;
    std::this_thread::sleep_for(std::chrono::microseconds(pause));
  }
}

}  // namespace

struct MpiTransport::Requests {
  std::vector<MPI_Request> list;

  bool are_done() {
    int done = 0;
    MPI_Testall(static_cast<int>(list.size()), list.data(), &done, MPI_STATUSES_IGNORE);
    return done != 0;
  }
};

MpiTransport::MpiTransport(int* argc, char*** argv) : notes_(std::make_unique<Requests>()) {
  int provided = 0, size = 0;
  MPI_Init_thread(argc, argv, MPI_THREAD_FUNNELED, &provided);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  if (provided < MPI_THREAD_FUNNELED) abort(70);
  const Seat own = own_seat();
  std::vector<Seat> seats(static_cast<std::size_t>(size));
  MPI_Allgather(&own, sizeof own, MPI_BYTE, seats.data(), sizeof own, MPI_BYTE, MPI_COMM_WORLD);
  for (const Seat& seat : seats) hosts_.emplace_back(seat.host.data());
  sharing_ = static_cast<int>(std::count_if(seats.begin(), seats.end(), [&](const Seat& seat) {
    return seat.host == own.host && CPU_EQUAL(&seat.cpus, &own.cpus);
  }));
}

MpiTransport::~MpiTransport() = default;

std::string MpiTransport::place_of(int rank) const {
  return fmt::format("rank {} of {} on {}", rank, size(), hosts_[static_cast<std::size_t>(rank)]);
}

void MpiTransport::swap(int partner, std::span<const std::byte> out, std::span<std::byte> in,
                        Wait wait) {
  Requests requests;
  for (std::size_t at = 0; at < in.size(); at += kPiece) {
    MPI_Irecv(in.data() + at, static_cast<int>(std::min(kPiece, in.size() - at)), MPI_BYTE, partner,
              kDataTag, MPI_COMM_WORLD, &requests.list.emplace_back());
  }
  for (std::size_t at = 0; at < out.size(); at += kPiece) {
    MPI_Isend(out.data() + at, static_cast<int>(std::min(kPiece, out.size() - at)), MPI_BYTE,
              partner, kDataTag, MPI_COMM_WORLD, &requests.list.emplace_back());
  }
  wait_for(requests, wait);
}

void MpiTransport::wait_for(Requests& requests, Wait wait) {
  WaitClock clock;
  const double warning = std::min(kMostBeforeWarning, stall_limit_ / 2);
  const double hearing = std::min(kMostHearing, stall_limit_ / 10);
  enum { quiet, listening, told, warned } stage = quiet;
  while (!requests.are_done()) {
    const double waited = clock.seconds();
    pause_after(waited);
    if (wait == Wait::patient) continue;
    if (stage == quiet && waited > std::min(kLongWait, warning / 2)) {
      hear_others();
      waiting_.clear();  // what an earlier wait left behind
      stage = listening;
    }
    if (stage != quiet) hear_others();
    if (stage == listening && waited > warning) {
      tell_others();
      stage = told;
    }
    if (stage == told && waited > warning + hearing) {
      warn(waited);
      stage = warned;
    }
    if (waited > stall_limit_ + (waiting_.empty() || *waiting_.begin() > rank_ ? 0 : hearing)) {
      give_up(waited);
    }
  }
}

void MpiTransport::tell_others() {
  static const char note = 0;
  for (int other = 0; other < size(); ++other) {
    if (other == rank_) continue;
    MPI_Isend(&note, 1, MPI_CHAR, other, kNoteTag, MPI_COMM_WORLD, &notes_->list.emplace_back());
  }
}

void MpiTransport::hear_others() {
  for (;;) {
    int is_there = 0;
    MPI_Status status;
    MPI_Iprobe(MPI_ANY_SOURCE, kNoteTag, MPI_COMM_WORLD, &is_there, &status);
    if (is_there == 0) return;
    char note = 0;
    MPI_Recv(&note, 1, MPI_CHAR, status.MPI_SOURCE, kNoteTag, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    waiting_.insert(status.MPI_SOURCE);
  }
}

std::string MpiTransport::missing_places() const {
  std::string places;
  for (int other = 0; other < size(); ++other) {
    if (other == rank_ || waiting_.count(other) == 1) continue;
    places += (places.empty() ? "" : ", ") + place_of(other);
  }
  return places.empty() ? "none, the messages are on their way" : places;
}

// The lowest of those that wait speaks for all.
void MpiTransport::warn(double seconds) {
  if (!waiting_.empty() && *waiting_.begin() < rank_) return;
  std::fprintf(stderr,
               "bnn-train-mpi: warning: a step waits for %.0f s; no sign of: %s; after %.0f s "
               "(--stall-limit) the run is ended\n",
               seconds, missing_places().c_str(), stall_limit_);
}

void MpiTransport::give_up(double seconds) {
  if (waiting_.empty() || *waiting_.begin() > rank_) {
    std::fprintf(stderr, "bnn-train-mpi: error: a step waited for %.0f s; no sign of: %s\n",
                 seconds, missing_places().c_str());
  }
  abort(70);
}

void MpiTransport::finish() {
  MPI_Barrier(MPI_COMM_WORLD);
  hear_others();
  MPI_Waitall(static_cast<int>(notes_->list.size()), notes_->list.data(), MPI_STATUSES_IGNORE);
  MPI_Finalize();
}

void MpiTransport::abort(int code) {
  std::fflush(nullptr);
  MPI_Abort(MPI_COMM_WORLD, code);
  std::_Exit(code);
}

}  // namespace bnn
