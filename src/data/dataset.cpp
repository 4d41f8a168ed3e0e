#include "bnn/data/dataset.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "bnn/core/error.h"

namespace bnn {
namespace {

void require(bool holds, const char* rule) {
  if (!holds) throw Error(ErrorKind::internal, fmt::format("a data set is inconsistent: {}", rule));
}

void require_image_channels(const Shape& shape) {
  if (shape.channels == 1 || shape.channels == 3) return;
  throw Error(ErrorKind::config,
              fmt::format("/model/input: images have 1 or 3 channels, found {}", to_string(shape)));
}

}  // namespace

Dataset::Dataset(const Shape& shape, int classes, ResizeMode resize)
    : shape_(shape), classes_(classes), resize_(resize) {}

Dataset::Dataset(const Shape& shape, std::vector<std::string> class_folders, DecodedImages decoded)
    : shape_(shape),
      classes_(static_cast<int>(class_folders.size())),
      images_(std::move(decoded.images)),
      class_folders_(std::move(class_folders)),
      changes_(decoded.changes),
      skipped_(std::move(decoded.skipped)),
      cache_note_(std::move(decoded.cache_note)) {
  require_image_channels(shape);
  for (std::size_t i = 0; i < decoded.names.size(); ++i) {
    provenance_.append_file(decoded.names[i], std::span(&decoded.stream_names[i], 1));
  }
  require_consistent();
}

Dataset::Dataset(const Shape& shape, int classes, RawImages images,
                 const std::vector<FileExamples>& files)
    : shape_(shape), classes_(classes), images_(std::move(images)) {
  for (const FileExamples& file : files) provenance_.append_file(file.name, file.count);
  require_consistent();
}

Dataset::Dataset(const Shape& shape, int classes, RawImages images,
                 std::span<const std::uint32_t> stream_names)
    : shape_(shape), classes_(classes), images_(std::move(images)) {
  provenance_.append_file("memory", stream_names);
  require_consistent();
}

void Dataset::require_consistent() const {
  require(images_.bytes().size() == size() * shape_.size(), "files and pixels differ in number");
  const std::vector<int>& labels = images_.labels;
  require(labels.empty() || labels.size() == size(), "some images have a label and some have none");
  const auto in_range = [&](int label) { return label >= 0 && label < classes_; };
  require(std::all_of(labels.begin(), labels.end(), in_range), "a label is out of range");
}

void Dataset::require_label(std::optional<int> label) const {
  require(size() == 0 || label.has_value() == has_labels(),
          "some images have a label and some have none");
  require(!label || (*label >= 0 && *label < classes_), "a label is out of range");
}

void Dataset::append_image(Image image, const std::string& name, std::optional<int> label) {
  require(!images_.mapped, "an image is added to a file that is mapped");
  require_image_channels(shape_);
  require_label(label);
  ImageChanges changes = changes_;
  const Image fitted = fit_image(std::move(image), shape_, resize_, changes);
  const std::uint32_t stream_name = image_stream_name(fitted.bytes);
  provenance_.append_file(name, std::span(&stream_name, 1));
  images_.pixels.insert(images_.pixels.end(), fitted.bytes.begin(), fitted.bytes.end());
  if (label) images_.labels.push_back(*label);
  changes_ = changes;
}

void Dataset::append_fitted(const Dataset& part, const std::string& name) {
  require_label(std::nullopt);
  std::vector<std::uint32_t> stream_names;
  for (std::size_t i = 0; i < part.size(); ++i) stream_names.push_back(part.stream_name(i));
  provenance_.append_file(name, stream_names);
  ByteArray& pixels = images_.pixels;
  if (shape_.same_size(part.shape())) {
    pixels.insert(pixels.end(), part.pixels().begin(), part.pixels().end());
    changes_.images += part.size();
    return;
  }
  pixels.reserve(size() * shape_.size());
  const Shape& old = part.shape();
  for (std::size_t i = 0; i < part.size(); ++i) {
    const auto bytes = part.image(i);
    Image image{old.height, old.width, old.channels, {bytes.begin(), bytes.end()}};
    const Image fitted = fit_image(std::move(image), shape_, resize_, changes_);
    pixels.insert(pixels.end(), fitted.bytes.begin(), fitted.bytes.end());
  }
}

}  // namespace bnn
