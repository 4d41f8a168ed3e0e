#pragma once
// IDX files, the format of MNIST: 00 00 <type> <dimensions>, each size as four bytes, most
// significant first, then the values. Type 08, unsigned bytes, is read.
//
//     images   00 00 08 03, examples, rows, columns             (one channel)
//              00 00 08 04, examples, rows, columns, channels
//     labels   00 00 08 01, examples
//
// Files may be gzip-compressed. What a header announces is compared with the model's input and with
// the file's size, or kMaxStreamBytes where that is unknown, before memory is taken for it.

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "bnn/core/input_file.h"
#include "bnn/core/shape.h"
#include "bnn/data/label_range.h"
#include "bnn/data/raw_images.h"

namespace bnn {

/// Adds the images and labels of a pair of files to `images`; returns how many.
/// @param shape what the images must have
std::size_t append_idx(const std::string& images_path, const std::string& labels_path,
                       const LabelRange& range, const Shape& shape, RawImages& images);

/// The same without labels, of a file that is open already.
std::size_t append_idx_images(InputFile file, const Shape& shape, RawImages& images);

/// The labels of a file.
std::vector<int> read_idx_labels(const std::string& path);

/// The shape that an idx file of images announces; none if the file is something else.
std::optional<Shape> idx_shape(const std::string& path);

}  // namespace bnn
