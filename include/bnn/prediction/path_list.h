#pragma once
// Paths that another program writes, one a line, in a file or on standard input, while it waits for
// answers.

#include <cstddef>
#include <string>
#include <vector>

#include "bnn/core/file_descriptor.h"

namespace bnn {

class PathList {
 public:
  /// @param file "-" is standard input. Throws Error(data or io) if it cannot be opened.
  explicit PathList(const std::string& file);

  /// The next paths: at least one, unless the list is at its end, and those up to `count` that need
  /// no waiting. Empty lines are passed over. A line ends with a line feed, or with both carriage
  /// return and line feed. Throws Error(data) for a line that no path can be, and Interrupted.
  std::vector<std::string> next(std::size_t count);

 private:
  bool read_more();
  bool may_read_now() const;

  std::string name_;
  FileDescriptor file_;
  std::string read_;  // and not given yet
  bool ended_ = false;
};

}  // namespace bnn
