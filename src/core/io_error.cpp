#include "bnn/core/io_error.h"

#include <fmt/format.h>
#include <system_error>

#include "bnn/core/input_file.h"

namespace bnn {

Error io_error(const std::string& path, const std::string& action, int error) {
  return Error(ErrorKind::io, fmt::format("{}: {}: {}", shown_path(path), action,
                                          std::generic_category().message(error)));
}

}  // namespace bnn
