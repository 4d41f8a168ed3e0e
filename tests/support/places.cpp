#include "support/places.h"

namespace bnn::testing {

std::string source_directory() { return BNN_SOURCE_DIR; }

std::string binary_directory() { return BNN_BINARY_DIR; }

}  // namespace bnn::testing
