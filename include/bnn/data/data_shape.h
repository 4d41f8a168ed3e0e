#pragma once
// The shape of a data set's images and the number of its classes, found without a model.
//
//     cifar10, cifar100   32 x 32 x 3, and their 10, 20 or 100 classes
//     idx      the header of the images, and one more than the largest label
//     folder   one class a sub-directory. The size of the images where all have one of at most 128
//              pixels a side; else the square whose side is the median of their smaller sides,
//              rounded to a multiple of 8 and at most 64. 1 channel if all are grey, else 3. Of
//              many images, 200 are looked at.
//     cifar    is not known, since records do not say it
//
// Errors name the file (ErrorKind::data). Thread-safe: no state.

#include <optional>
#include <string>
#include <vector>

#include "bnn/core/shape.h"
#include "bnn/data/data_config.h"

namespace bnn {

struct DataShape {
  Shape shape;
  int classes = 0;
};

/// Nothing if the format does not say it.
/// @param directory where the training files of the config lie
std::optional<DataShape> find_data_shape(const DataConfig& config, const std::string& directory);

/// What a look at images says.
struct ImageSurvey {
  std::size_t images = 0;                   // that were decoded
  int smallest_side = 0, largest_side = 0;  // of all of them
  double widest = 1;                        // the largest ratio of width to height or the reverse
  bool is_uniform = false;                  // all have one size
  Shape first = {};                         // of the first image
  Shape shape = {};                         // that suits them, as above
  std::vector<std::string> problems = {};   // a sentence for each that cannot be decoded
};

/// @param most how many of them are looked at, spread evenly
ImageSurvey survey_images(const std::vector<std::string>& paths, std::size_t most);

}  // namespace bnn
