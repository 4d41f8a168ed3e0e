#pragma once
// Labelled images in memory, and how they get there from files.
//
// Pixels are bytes, channels last: [example][row][column][channel]. Every file is checked before it
// is believed: sizes against the record or header, labels against their range, shapes against the
// model's input. Memory grows with what the files really hold, never with a number in them.
// Errors name the file (ErrorKind::data, or io for failing reads); a format that cannot give the
// model's input shape is ErrorKind::config. A loaded Dataset is read by any number of threads.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "bnn/core/shape.h"
#include "bnn/data/data_config.h"

namespace bnn {

struct Dataset {
  struct File {
    std::string name;  // as the FileSet has it
    std::size_t first = 0;
    std::size_t count = 0;
  };

  Shape shape;
  int classes = 0;  // labels lie in [0, classes)
  std::vector<std::uint8_t> pixels;
  std::vector<int> labels;  // empty if the files have none
  std::vector<File> files;

  /// The number of examples.
  std::size_t size() const { return shape.size() == 0 ? 0 : pixels.size() / shape.size(); }
  /// The bytes of one image.
  const std::uint8_t* image(std::size_t example) const {
    return pixels.data() + example * shape.size();
  }
  /// The file that an example came from; `files` covers all examples of a loaded dataset.
  const File& file_of(std::size_t example) const;
  /// The position of an example within its own file, from 0. Evaluation names random streams by it,
  /// so that numbers do not depend on the order of files.
  std::uint32_t index_in_file(std::size_t example) const;
};

/// Loads the files of a set in order, and all of them or none. Relative names lie in `directory`;
/// the name "-" is standard input.
/// @param shape the model's input.
/// @param classes outputs of the model; 0 accepts every label that the format can hold, for data
///   whose labels do not matter.
Dataset load_dataset(const DataConfig& config, const FileSet& set, const std::string& directory,
                     const Shape& shape, int classes);

/// The number of classes that the format fixes, or 0 if the model decides.
int format_classes(const DataConfig& config);

/// The configured class names, from the list or the text file (one name a line); empty if none are
/// configured. Their number must be `classes`.
std::vector<std::string> load_class_names(const DataConfig& config, const std::string& directory,
                                          int classes);

/// `name` seen from `directory`; an absolute name stays as it is.
std::string resolve_path(const std::string& directory, const std::string& name);

}  // namespace bnn
