#include "bnn/data/label_range.h"

#include <fmt/format.h>

namespace bnn {

LabelRange label_range(const DataConfig& config, int classes) {
  constexpr int kByteValues = 256;
  const int fixed = format_classes(config);
  const int format = fixed > 0 ? fixed : kByteValues;
  if (classes > 0 && classes < format) {
    return {classes, fmt::format("the model has {} outputs", classes)};
  }
  return {format, fmt::format("format \"{}\"", to_string(config.format))};
}

std::string label_problem(const std::string& what, std::size_t number, int label,
                          const LabelRange& range) {
  return fmt::format("{} {}: label {} is out of range; expected 0 to {} ({})", what, number, label,
                     range.count - 1, range.reason);
}

}  // namespace bnn
