#pragma once
// The images that a prediction is asked for: data files in the checkpoint's format, image
// files, folders of them, standard input.
//
// Data files are read and checked here, at once. Of image files only the names are kept:
// ImageReader decodes them a few at a time, so that a folder of any size needs little memory.
// Standard input is read only when it is reached, because its writer may be waiting for earlier
// output.

#include <cstddef>
#include <string>
#include <vector>

#include "bnn/checkpoint/model_checkpoint.h"
#include "bnn/core/error.h"
#include "bnn/data/dataset.h"
#include "bnn/data/part.h"
#include "bnn/process/run_log.h"

namespace bnn {

/// A data file, image files that follow each other, or standard input, not read yet.
struct PredictionInput {
  Dataset data = {};
  ImageRange examples = {};  // of the data set, that are predicted
  std::vector<std::string> images = {};
  bool is_standard_input = false;

  /// The number of images; 0 of standard input.
  std::size_t size() const { return images.empty() ? examples.size() : images.size(); }
};

/// Folders give the images in them and below, sorted by path. A name with the ending of an image is
/// an image whatever the file holds, so that a broken one is reported as such. The first bytes of
/// any other file decide what it is. "-" is standard input.
std::vector<PredictionInput> find_inputs(const std::vector<std::string>& names,
                                         const ModelCheckpoint& model, RunLog& log);

/// Decodes image files in order, as many at a time as are asked for, and reads standard input.
class ImageReader {
 public:
  /// @param skip_errors log images that cannot be decoded, and go on
  /// The log and the model must outlive the reader.
  ImageReader(const ModelCheckpoint& model, bool skip_errors, RunLog& log)
      : model_(model), skip_errors_(skip_errors), log_(log) {}

  /// The next images from position `next` of `paths`, which moves on: `count`, or fewer at the end
  /// and before a broken image. Throws if the very next one is broken.
  Dataset read(const std::vector<std::string>& paths, std::size_t& next, std::size_t count);

  /// What standard input holds: images that follow each other or a data file, as its first bytes
  /// decide. Of several images the names are "-#0", "-#1", …. Without those that were skipped.
  Dataset read_standard_input();

  /// Images of the model's shape, for append_listed.
  Dataset no_images_yet() const;
  /// Appends one image file. Returns "" or, with skip_errors, a sentence about what is wrong with
  /// it.
  std::string append_listed(const std::string& path, Dataset& data);

  std::size_t skipped() const { return skipped_; }

 private:
  void skip(const Error& error);

  const ModelCheckpoint& model_;
  bool skip_errors_;
  RunLog& log_;
  std::size_t skipped_ = 0;
};

/// How the output names an example: the path as given, of data files with the position in it,
/// "test_batch.bin#17".
std::string input_name(const Dataset& data, std::size_t example);

}  // namespace bnn
