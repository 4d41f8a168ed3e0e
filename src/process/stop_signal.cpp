#include "bnn/process/stop_signal.h"

#include <atomic>
#include <csignal>
#include <unistd.h>

namespace bnn {
namespace {

// A signal handler can use static storage only.
std::atomic<int> received_signal{0};
std::atomic<int> graceful_stops{0};  // that exist
static_assert(std::atomic<int>::is_always_lock_free);

extern "C" void note_signal(int number) {
  const bool is_second = received_signal.exchange(number) != 0;
  if (is_second || graceful_stops == 0) _exit(128 + number);
}

}  // namespace

void watch_stop_signals() {
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGUSR1}) {
    struct sigaction old = {};
    if (sigaction(number, nullptr, &old) == 0 && old.sa_handler == SIG_IGN) continue;
    struct sigaction action = {};
    action.sa_handler = note_signal;
    action.sa_flags = 0;  // no SA_RESTART: the signal ends a wait for input or for a full pipe
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, nullptr);
  }
}

GracefulStop::GracefulStop() { ++graceful_stops; }

GracefulStop::~GracefulStop() { --graceful_stops; }

void stop_if_asked() {
  if (const int signal = stop_signal(); signal != 0) throw Stopped{signal};
}

int stop_signal() { return received_signal.load(); }

}  // namespace bnn
