#pragma once
// Labelled images in memory.
//
// Pixels are bytes, channels last: [example][row][column][channel]. All images have the shape of
// the model's input. Either all examples have a label in [0, classes), or none has one. Every
// example belongs to a file (provenance.h). A call that would break one of these rules throws
// Error(internal), unless a function says otherwise. The data set is then unchanged.
//
// Const functions are thread-safe.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bnn/core/shape.h"
#include "bnn/data/decode_images.h"
#include "bnn/data/provenance.h"
#include "bnn/data/raw_images.h"
#include "bnn/images/resize.h"

namespace bnn {

/// A file and the number of consecutive examples that came from it.
struct FileExamples {
  std::string name;
  std::size_t count = 0;
};

class Dataset {
 public:
  /// No examples and no shape.
  Dataset() = default;
  /// No examples yet. @param classes labels will lie in [0, classes)
  /// @param resize how append_image and append_fitted treat images of other proportions
  Dataset(const Shape& shape, int classes, ResizeMode resize = ResizeMode::stretch);
  /// Decoded image files, one class for each sub-directory of the format "folder". Throws
  /// Error(config) if the shape has neither 1 nor 3 channels.
  Dataset(const Shape& shape, std::vector<std::string> class_folders, DecodedImages decoded);
  /// The images of data files. `images` holds them file by file.
  Dataset(const Shape& shape, int classes, RawImages images,
          const std::vector<FileExamples>& files);
  /// Images that a caller has in memory, as one file. @param stream_names one for each image
  Dataset(const Shape& shape, int classes, RawImages images,
          std::span<const std::uint32_t> stream_names);

  /// Adds the image of a file, fitted to the shape; image_stream_name names its random streams.
  /// Throws Error(config) if the shape has neither 1 nor 3 channels.
  void append_image(Image image, const std::string& name, std::optional<int> label = std::nullopt);
  /// Adds the images of another data set as one file, fitted to the shape and without their labels.
  /// They keep the names of their random streams. If the shapes differ, both must have 1 or 3
  /// channels.
  void append_fitted(const Dataset& part, const std::string& name);

  const Shape& shape() const { return shape_; }
  int classes() const { return classes_; }
  /// The number of examples.
  std::size_t size() const { return provenance_.size(); }
  std::span<const std::uint8_t> pixels() const { return images_.bytes(); }
  /// Bytes of pixels that are in memory for good, and not mapped from a cache (image_cache.h).
  std::size_t resident_bytes() const { return images_.pixels.size(); }
  /// The bytes of one image.
  std::span<const std::uint8_t> image(std::size_t example) const {
    return pixels().subspan(example * shape_.size(), shape_.size());
  }
  /// The same bytes, writable, for corruptions. The names of random streams do not change.
  std::span<std::uint8_t> writable_image(std::size_t example) {
    return images_.writable_bytes().subspan(example * shape_.size(), shape_.size());
  }

  bool has_labels() const { return !images_.labels.empty(); }
  /// [example]; empty if there are none.
  std::span<const int> labels() const { return images_.labels; }

  const Provenance& provenance() const { return provenance_; }
  std::uint32_t stream_name(std::size_t example) const { return provenance_.stream_name(example); }

  /// The names of the classes' sub-directories, in the order of the labels. Empty if the format is
  /// not "folder".
  const std::vector<std::string>& class_folders() const { return class_folders_; }
  /// The changes that fitted images to the shape.
  const ImageChanges& changes() const { return changes_; }
  /// A sentence for each file that was passed over because it could not be decoded.
  const std::vector<std::string>& skipped() const { return skipped_; }
  /// A sentence about the file that the pixels lie in, if they are mapped.
  const std::string& cache_note() const { return cache_note_; }

 private:
  void require_consistent() const;
  void require_label(std::optional<int> label) const;

  Shape shape_;
  int classes_ = 0;
  RawImages images_;
  Provenance provenance_;
  std::vector<std::string> class_folders_;
  ImageChanges changes_;
  std::vector<std::string> skipped_;
  std::string cache_note_;
  ResizeMode resize_ = ResizeMode::stretch;
};

}  // namespace bnn
