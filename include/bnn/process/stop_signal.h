#pragma once
// SIGINT, SIGTERM and SIGHUP end a program at once, with exit code 128 and the signal's number,
// whatever it is waiting for or reading, as long as nothing would be lost. While a GracefulStop
// lives, which is while there is something to finish or to tidy up, the first signal only sets a
// flag: a run stops after its step or block, and a wait for standard input (Interrupted) or for a
// reader of standard output ends. A second signal ends the process at once in any case; files are
// written atomically, so nothing breaks. A signal that was ignored at start (nohup) stays ignored.

namespace bnn {

/// Installs the handlers. Call once, from main.
void watch_stop_signals();

/// As long as one lives, a signal asks to stop instead of ending the process.
class GracefulStop {
 public:
  GracefulStop();
  ~GracefulStop();
  GracefulStop(const GracefulStop&) = delete;
  GracefulStop& operator=(const GracefulStop&) = delete;
};

/// Thrown where work is abandoned because of a signal; guarded_main turns it into an exit code.
struct Stopped {
  int signal;
};

/// Throws Stopped if a signal has asked to stop.
void stop_if_asked();

/// The number of the signal that asked to stop, or 0.
int stop_signal();

}  // namespace bnn
