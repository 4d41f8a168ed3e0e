#include "bnn/data/label_range.h"

#include "bnn/data/dataset.h"

namespace bnn {

LabelRange label_range(const DataConfig& config, int classes) {
  constexpr int kByteValues = 256;
  const int fixed = format_classes(config);
  const int format = fixed > 0 ? fixed : kByteValues;
  if (classes > 0 && classes < format) {
    return {classes, "the model has " + std::to_string(classes) + " outputs"};
  }
  return {format, "format \"" + to_string(config.format) + "\""};
}

std::string label_problem(const std::string& what, std::size_t number, int label,
                          const LabelRange& range) {
  return what + " " + std::to_string(number) + ": label " + std::to_string(label) +
         " is out of range; expected 0 to " + std::to_string(range.count - 1) + " (" +
         range.reason + ")";
}

}  // namespace bnn
