#pragma once
// Labelled images in memory, and how they get there from files.
//
// Pixels are bytes, channels last: [example][row][column][channel]. Every file is checked before it
// is believed: sizes against the record or header, labels against their range, shapes against the
// model's input. Memory grows with what the files really hold, never with a number in them.
// Image files (PNG, JPEG) are fitted to the model's input instead, and `changes` says so.
// Errors name the file (ErrorKind::data, or io for failing reads); a format that cannot give the
// model's input shape is ErrorKind::config. A loaded Dataset is read by any number of threads.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "bnn/core/input_file.h"
#include "bnn/core/shape.h"
#include "bnn/data/data_config.h"
#include "bnn/images/resize.h"

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
  std::vector<std::uint32_t> names;  // of examples, see stream_name; empty: not of image files
  std::vector<std::string> class_folders;  // of the format "folder", in the order of the labels
  ImageChanges changes;                    // what image files went through

  /// The number of examples.
  std::size_t size() const { return shape.size() == 0 ? 0 : pixels.size() / shape.size(); }
  /// The bytes of one image.
  const std::uint8_t* image(std::size_t example) const {
    return pixels.data() + example * shape.size();
  }
  /// The file that an example came from; `files` covers all examples of a loaded dataset.
  const File& file_of(std::size_t example) const;
  /// The position of an example within its own file, from 0.
  std::uint32_t index_in_file(std::size_t example) const;
  /// By which evaluation names the random streams of an example, so that its numbers depend neither
  /// on the order of files nor on what else there is: its index in the file or, of an image file,
  /// the CRC-32 of its fitted pixels. An image gives the same numbers under any name of the file.
  std::uint32_t stream_name(std::size_t example) const {
    return names.empty() ? index_in_file(example) : names[example];
  }

  /// Adds an image, fitted to `shape`, as a file of its own. All examples or none come this way.
  void append_image(Image image, const std::string& name);
};

/// Loads the files of a set in order, and all of them or none. Relative names lie in `directory`;
/// the name "-" is standard input.
/// @param shape the model's input.
/// @param classes outputs of the model; 0 accepts every label that the format can hold, for data
///   whose labels do not matter.
Dataset load_dataset(const DataConfig& config, const FileSet& set, const std::string& directory,
                     const Shape& shape, int classes);

/// The same of one file that is open already, of which peek may have looked at the first bytes.
/// For idx it holds images; the format "folder" is refused. @param name of the file in the result
Dataset load_stream(const DataConfig& config, InputFile file, const std::string& name,
                    const Shape& shape, int classes);

/// The number of classes that the format fixes, or 0 if the model decides.
int format_classes(const DataConfig& config);

/// The configured class names, from the list or the text file (one name a line); empty if none are
/// configured. Their number must be `classes`.
std::vector<std::string> load_class_names(const DataConfig& config, const std::string& directory,
                                          int classes);

/// JSON can hold nothing but UTF-8, and class names are written into it.
bool is_utf8(const std::string& text);

/// `name` seen from `directory`; an absolute name stays as it is.
std::string resolve_path(const std::string& directory, const std::string& name);

/// Where the files of a set lie.
std::vector<std::string> resolved_paths(const FileSet& set, const std::string& directory);

}  // namespace bnn
