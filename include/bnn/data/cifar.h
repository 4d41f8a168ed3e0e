#pragma once
// CIFAR-style binary files: records without a header, each a few label bytes and then one plane of
// height x width bytes per channel (https://www.cs.toronto.edu/~kriz/cifar.html).
//
//     cifar10    1 label byte                  + 3072 = 3073 bytes a record
//     cifar100   1 coarse and 1 fine label     + 3072 = 3074 bytes a record
//     cifar      `label_bytes`                 + channels * height * width of the model's input

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "bnn/core/input_file.h"
#include "bnn/core/shape.h"
#include "bnn/data/data_config.h"
#include "bnn/data/label_range.h"
#include "bnn/data/raw_images.h"

namespace bnn {

struct CifarLayout {
  std::string format;
  Shape shape;
  std::size_t label_bytes = 1;
  std::size_t label_index = 0;  // which of the label bytes is read
  LabelRange labels;

  std::size_t record_bytes() const { return label_bytes + shape.size(); }
};

/// Throws (config) if the format's images do not have the model's input shape.
CifarLayout cifar_layout(const DataConfig& config, const Shape& shape, int classes);

/// The number of records, from the file's size; unknown for standard input. A size that is not a
/// whole positive number of records is an Error that says which format would fit instead.
std::optional<std::uint64_t> count_records(InputFile& file, const CifarLayout& layout);

/// Reads that many records, the whole file: pixels, transposed to channels last, and labels.
/// @param pixels records * layout.shape.size() bytes
/// @param labels records numbers
void read_cifar(InputFile& file, const CifarLayout& layout, std::size_t records,
                std::uint8_t* pixels, int* labels);

/// Adds all records of a file, transposed to channels last, to `images`; returns how many.
std::size_t append_cifar(InputFile& file, const CifarLayout& layout, RawImages& images);

}  // namespace bnn
