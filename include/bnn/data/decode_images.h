#pragma once
// Image files, decoded and fitted to one shape by all threads of a pool, each image into its place.

#include <cstdint>
#include <exception>
#include <span>
#include <string>
#include <vector>

#include "bnn/core/shape.h"
#include "bnn/core/thread_pool.h"
#include "bnn/data/raw_images.h"
#include "bnn/images/resize.h"

namespace bnn {

/// The number that names the random streams of an image: the CRC-32 of its fitted pixels. Random
/// numbers then depend neither on the name of the file nor on how it was stored.
std::uint32_t image_stream_name(std::span<const std::uint8_t> pixels);

struct LabelledFile {
  std::string path;
  std::string name;  // in the data set
  int label = 0;
};

struct DecodedImages {
  RawImages images = {};
  std::vector<std::string> names = {};           // [example]
  std::vector<std::uint32_t> stream_names = {};  // [example]
  ImageChanges changes = {};
  std::vector<std::string> skipped = {};  // a sentence for each file that could not be decoded
  std::string cache_note = {};            // where mapped pixels lie
};

/// The result for one file, whose pixels were written elsewhere.
struct DecodedFile {
  ImageChanges changes = {};
  std::uint32_t stream_name = 0;
  std::string problem = {};              // empty: decoded
  std::exception_ptr failure = nullptr;  // of the program or the machine, not of the file
};

/// Decodes a file into shape.size() bytes.
DecodedFile decode_into(const LabelledFile& file, const Shape& shape, ResizeMode mode,
                        std::uint8_t* pixels);

/// What is done about files that cannot be decoded.
enum class BrokenImages { refuse, skip };

struct DecodeOptions {
  BrokenImages broken = BrokenImages::refuse;
  ResizeMode resize = ResizeMode::stretch;
};

/// Throws Error(data) that lists the problems, of so many files. None is no error.
void refuse_broken(std::vector<std::string> problems, std::size_t files);

/// The images in the order of the files. Throws Error(data) with a sentence for each file that
/// cannot be decoded, unless they are skipped; if there is only one, with its own sentence.
DecodedImages decode_images(std::span<const LabelledFile> files, const Shape& shape,
                            const DecodeOptions& how, ThreadPool& pool);

}  // namespace bnn
