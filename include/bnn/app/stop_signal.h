#pragma once
// SIGINT, SIGTERM and SIGHUP ask a run to stop at the next step: the handler only sets a flag. A
// second signal ends the process at once with the same exit code; files are written atomically, so
// nothing breaks. A signal that was ignored at start (nohup) stays ignored.

namespace bnn {

/// Installs the handlers. Call once, from main.
void watch_stop_signals();

/// The number of the signal that asked to stop, or 0.
int stop_signal();

}  // namespace bnn
