#pragma once
// The one exception type that users can see.
//
// An Error carries a kind, which fixes the exit code of the program, and a message that is one
// sentence: file, place, what is wrong, what was expected. Where several files are wrong, `details`
// has a sentence for each of them. It is thrown where the fault is found and caught once, in
// process/main_guard. Anything else that reaches main is a defect of this
// project and exits with `internal`.

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace bnn {

/// What went wrong; the value is the exit code.
enum class ErrorKind : int {
  usage = 2,
  config = 3,
  data = 4,
  checkpoint = 5,
  io = 6,
  numerical = 7,
  locked = 8,
  internal = 70,
};

class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message, std::vector<std::string> details = {})
      : std::runtime_error(message), kind_(kind), details_(std::move(details)) {}

  ErrorKind kind() const { return kind_; }
  /// Sentences to be shown before the message, a line each.
  const std::vector<std::string>& details() const { return details_; }

 private:
  ErrorKind kind_;
  std::vector<std::string> details_;
};

/// Thrown when a signal that the program handles ends a wait for input. It is no Error, because
/// nothing is wrong.
struct Interrupted {};

/// Thrown when whoever reads standard output has gone, as `head` does after its last line. The
/// program then ends with code 141 and says nothing.
struct ReaderLeft {};

}  // namespace bnn
