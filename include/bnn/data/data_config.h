#pragma once
// The "data" object of a config as plain values: which files, in which format, and what is done to
// the pixels before a model sees them.

#include <cstdint>
#include <string>
#include <vector>

#include "bnn/core/enum_names.h"
#include "bnn/core/json_reader.h"
#include "bnn/data/augmentation.h"
#include "bnn/data/standardization.h"
#include "bnn/images/resize.h"

namespace bnn {

enum class DataFormat {
  cifar10,   // label, then 3 planes of 32 x 32 bytes
  cifar100,  // coarse label, fine label, then the same
  cifar,     // label bytes, then the planes of an image of the model's input shape
  idx,       // images and labels in two files, as MNIST's; plain or gzip-compressed
  folder,    // directories with a sub-directory of images for each class
  csv,       // tables of image files and their labels
};

constexpr EnumNames<DataFormat, 6> kDataFormatNames = {{{DataFormat::cifar10, "cifar10"},
                                                        {DataFormat::cifar100, "cifar100"},
                                                        {DataFormat::cifar, "cifar"},
                                                        {DataFormat::idx, "idx"},
                                                        {DataFormat::folder, "folder"},
                                                        {DataFormat::csv, "csv"}}};

/// Whether the images of a format are files of their own.
inline bool has_image_files(DataFormat format) {
  return format == DataFormat::folder || format == DataFormat::csv;
}

/// The name of a format in a config.
std::string to_string(DataFormat format);

/// The files of one split. The CIFAR formats use `files`, and so do `folder`, for directories, and
/// `csv`, for tables.
/// The format `idx` uses `images` and `labels`, or, for prediction, `files`: images without labels.
struct FileSet {
  std::vector<std::string> files;
  std::string images, labels;

  bool empty() const { return files.empty() && images.empty(); }
};

/// The form that a config has for given numbers: {"mean": [...], "std": [...]}.
Json to_json(const Standardization& standardization);

/// How the examples that are held out are chosen: in proportion to the classes, or regardless.
enum class ValidationSplit { stratified, random };

constexpr EnumNames<ValidationSplit, 2> kValidationSplitNames = {
    {{ValidationSplit::stratified, "stratified"}, {ValidationSplit::random, "random"}}};

enum class StandardizeMode { channel, none, given };

/// Where a table of format csv has what.
struct CsvColumns {
  std::string file, label;  // headings; "": the first and the second column
  std::string suffix;       // that makes a file's name of a number: ".jpg"
};

struct DataConfig {
  DataFormat format = DataFormat::cifar10;
  bool fine_labels = true;  // cifar100
  int label_bytes = 1;      // cifar: bytes before the pixels,
  int label_index = 0;      // and which of them is the label
  // folder: the sub-directories in the order of the labels; csv: the labels. Empty: by name.
  std::vector<std::string> class_folders;
  CsvColumns csv = {};
  ResizeMode resize = ResizeMode::stretch;  // of image files
  FileSet train, test;
  std::string directory;  // where the files lie; "" = not said
  // At most one of the two is set: a list, or a text file with one name a line.
  std::vector<std::string> class_names;
  std::string class_names_file;
  // At most one of the two is not 0: how much of `train` is held out.
  std::int64_t validation_examples = 0;
  double validation_fraction = 0;
  ValidationSplit validation_split = ValidationSplit::stratified;
  StandardizeMode standardize = StandardizeMode::channel;
  Standardization standardization;  // with StandardizeMode::given
  Augmentation augmentation;
};

/// The number of classes that the format fixes, or 0 if the model decides.
int format_classes(const DataConfig& config);

/// Reads the "data" object. Adds everything that is wrong to the reader's problems and calls
/// finish(); reader.resolved() is then a complete "data" object, which reads back as the same
/// values. `train` and `test` may be absent (null when resolved); the caller knows which it needs.
DataConfig read_data_config(ObjectReader& reader);

}  // namespace bnn
