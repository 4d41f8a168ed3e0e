#pragma once
// Labelled images in memory.
//
// Pixels are bytes, channels last: [example][row][column][channel]. All images have the shape of
// the model's input. Either all examples have a label, within [0, classes), or none has. Every
// example belongs to a file (provenance.h). What would break this is an Error (internal), unless a
// function says otherwise; the data set is then as it was before.
//
// Const functions are thread-safe.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bnn/core/shape.h"
#include "bnn/data/provenance.h"
#include "bnn/data/raw_images.h"
#include "bnn/images/resize.h"

namespace bnn {

/// How many of the examples that lie in a row came from which file.
struct FileExamples {
  std::string name;
  std::size_t count = 0;
};

class Dataset {
 public:
  /// No examples, of no shape.
  Dataset() = default;
  /// No examples yet. @param classes labels will lie in [0, classes)
  Dataset(const Shape& shape, int classes);
  /// No examples yet, one class for each sub-directory of the format "folder".
  Dataset(const Shape& shape, std::vector<std::string> class_folders);
  /// The images of data files, which lie one after the other in `images`.
  Dataset(const Shape& shape, int classes, RawImages images,
          const std::vector<FileExamples>& files);

  /// Adds an image file, fitted to the shape. The CRC-32 of the fitted pixels names its random
  /// streams, so that an image gives the same numbers under any name of the file. Throws
  /// Error(config) if the shape has other than 1 or 3 channels.
  void append_image(Image image, const std::string& name, std::optional<int> label = std::nullopt);
  /// Adds the images of another data set as one file, fitted to the shape and without their labels.
  /// They keep the names of their random streams. Shapes that differ have 1 or 3 channels.
  void append_fitted(const Dataset& part, const std::string& name);

  const Shape& shape() const { return shape_; }
  int classes() const { return classes_; }
  /// The number of examples.
  std::size_t size() const { return provenance_.size(); }
  std::span<const std::uint8_t> pixels() const { return images_.pixels; }
  /// The bytes of one image.
  std::span<const std::uint8_t> image(std::size_t example) const {
    return pixels().subspan(example * shape_.size(), shape_.size());
  }
  /// The same to write to, for what disturbs images. Names of random streams stay as they are.
  std::span<std::uint8_t> writable_image(std::size_t example) {
    return std::span(images_.pixels).subspan(example * shape_.size(), shape_.size());
  }

  bool has_labels() const { return !images_.labels.empty(); }
  /// [example]; empty if there are none.
  std::span<const int> labels() const { return images_.labels; }

  const Provenance& provenance() const { return provenance_; }
  std::uint32_t stream_name(std::size_t example) const { return provenance_.stream_name(example); }

  /// The names of the classes' sub-directories, in the order of the labels; empty unless the images
  /// came in such.
  const std::vector<std::string>& class_folders() const { return class_folders_; }
  /// What was done to images to fit them to the shape.
  const ImageChanges& changes() const { return changes_; }

 private:
  void require_label(std::optional<int> label) const;

  Shape shape_;
  int classes_ = 0;
  RawImages images_;
  Provenance provenance_;
  std::vector<std::string> class_folders_;
  ImageChanges changes_;
};

}  // namespace bnn
