#include "mpi_transport.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
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
constexpr unsigned kSecondsToAbort = 10;
constexpr double kPatience = 10;    // the stall limits that reading, validating and saving may take
constexpr double kMostHearing = 2;  // how much later than this process others may begin to wait

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

const char* name_of(Wait wait) {
  return wait == Wait::patient ? "reading, validating or saving" : "a step";
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

MpiTransport::MpiTransport(int* argc, char*** argv)
    : swap_(std::make_unique<Requests>()), notes_(std::make_unique<Requests>()) {
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

int MpiTransport::host_processes() const {
  return static_cast<int>(
      std::count(hosts_.begin(), hosts_.end(), hosts_[static_cast<std::size_t>(rank_)]));
}

std::string MpiTransport::place_of(int rank) const {
  return fmt::format("rank {} of {} on {}", rank, size(), hosts_[static_cast<std::size_t>(rank)]);
}

void MpiTransport::swap(int partner, std::span<const std::byte> out, std::span<std::byte> in,
                        Wait wait) {
  Requests& requests = *swap_;
  requests.list.clear();
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
  const double limit = limit_of(wait);
  const double telling = std::min(kMostBeforeWarning, stall_limit_ / 2);
  const double warning = wait == Wait::patient ? stall_limit_ : telling;
  const double hearing = std::min(kMostHearing, stall_limit_ / 10);
  enum { quiet, listening, warned } stage = quiet;
  double next_note = telling;
  while (!requests.are_done()) {
    const double waited = clock.seconds();
    pause_after(waited);
    if (stage == quiet && waited > std::min(kLongWait, telling / 2)) {
      hear_others();
      waiting_.clear();  // what an earlier wait left behind
      in_step_.clear();
      stage = listening;
    }
    if (stage != quiet) hear_others();
    if (waited > next_note) {  // again and again: who begins to wait later forgets older notes
      tell_others(wait);
      next_note += telling;
    }
    if (stage == listening && waited > warning + hearing) {
      warn(waited, wait);
      stage = warned;
    }
    if (waited > limit + (is_speaker(wait) ? 0 : hearing)) {
      give_up(waited, wait);
    }
  }
}

void MpiTransport::tell_others(Wait wait) {
  static const Wait notes[] = {Wait::step, Wait::patient};
  const Wait& note = notes[wait == Wait::step ? 0 : 1];
  for (int other = 0; other < size(); ++other) {
    if (other == rank_) continue;
    MPI_Isend(&note, sizeof note, MPI_BYTE, other, kNoteTag, MPI_COMM_WORLD,
              &notes_->list.emplace_back());
  }
}

void MpiTransport::hear_others() {
  for (;;) {
    int is_there = 0;
    MPI_Status status;
    MPI_Iprobe(MPI_ANY_SOURCE, kNoteTag, MPI_COMM_WORLD, &is_there, &status);
    if (is_there == 0) return;
    Wait note = Wait::step;
    MPI_Recv(&note, sizeof note, MPI_BYTE, status.MPI_SOURCE, kNoteTag, MPI_COMM_WORLD,
             MPI_STATUS_IGNORE);
    waiting_.insert(status.MPI_SOURCE);
    if (note == Wait::step) in_step_.insert(status.MPI_SOURCE);
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

double MpiTransport::limit_of(Wait wait) const {
  return wait == Wait::patient ? kPatience * stall_limit_ : stall_limit_;
}

// The lowest of those that wait speaks for all. Those in a step speak first: their limit is nearer.
bool MpiTransport::is_speaker(Wait wait) const {
  if (wait == Wait::patient && !in_step_.empty()) return false;
  const std::set<int>& others = wait == Wait::patient ? waiting_ : in_step_;
  return others.empty() || *others.begin() > rank_;
}

void MpiTransport::warn(double seconds, Wait wait) {
  if (!is_speaker(wait)) return;
  const std::string text = fmt::format(
      "bnn-train-mpi: warning: {} waits for {:.0f} s; no sign of: {}; after {:.0f} s "
      "({}--stall-limit) the run is ended\n",
      name_of(wait), seconds, missing_places(), limit_of(wait),
      wait == Wait::patient ? fmt::format("{:.0f} times ", kPatience) : "");
  std::fputs(text.c_str(), stderr);
}

void MpiTransport::give_up(double seconds, Wait wait) {
  if (is_speaker(wait)) {
    const std::string text =
        fmt::format("bnn-train-mpi: error: {} waited for {:.0f} s; no sign of: {}\n", name_of(wait),
                    seconds, missing_places());
    std::fputs(text.c_str(), stderr);
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
  // MPI_Abort waits for the launcher, which may be on a host that is out of reach.
  std::signal(SIGALRM, SIG_DFL);
  alarm(kSecondsToAbort);
  MPI_Abort(MPI_COMM_WORLD, code);
  std::_Exit(code);
}

}  // namespace bnn
