#pragma once
// SIGINT, SIGTERM and SIGHUP ask a run to stop at its next step or block: the handler only sets a
// flag. A wait for standard input (Interrupted) or for a reader of standard output ends at once. A
// second signal ends the process at once with the same exit code; files are written atomically, so
// nothing breaks. A signal that was ignored at start (nohup) stays ignored.

namespace bnn {

/// Installs the handlers. Call once, from main.
void watch_stop_signals();

/// Thrown where work is abandoned because of a signal; guarded_main turns it into an exit code.
struct Stopped {
  int signal;
};

/// Throws Stopped if a signal has asked to stop.
void stop_if_asked();

/// The number of the signal that asked to stop, or 0.
int stop_signal();

}  // namespace bnn
