#pragma once
// SIGINT, SIGTERM, SIGHUP and SIGUSR1 (which job queues send) end a program with exit code 128 +
// the signal's number.
//
// As long as there is nothing to save or to remove, a signal ends the process at once. While a
// GracefulStop exists, the first signal only sets a flag. The program tests the flag after a step
// or a few images, and then stops. The signal also ends a wait for standard input (Interrupted) or
// for a reader of standard output. A second signal always ends the process at once. Files are
// written atomically, so no file is damaged. A signal that was ignored at the start (nohup) stays
// ignored.

namespace bnn {

/// Installs the handlers. Call once, from main.
void watch_stop_signals();

/// While an object exists, the first signal asks the program to stop instead of ending the process.
class GracefulStop {
 public:
  GracefulStop();
  ~GracefulStop();
  GracefulStop(const GracefulStop&) = delete;
  GracefulStop& operator=(const GracefulStop&) = delete;
};

/// Thrown to abandon work after a signal. guarded_main turns it into an exit code.
struct Stopped {
  int signal;
};

/// Throws Stopped if a signal has asked to stop.
void stop_if_asked();

/// The number of the signal that asked to stop, or 0.
int stop_signal();

}  // namespace bnn
