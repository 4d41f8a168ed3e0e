#include "bnn/data/decode_images.h"

#include <algorithm>
#include <exception>
#include <fmt/format.h>
#include <zlib.h>

#include "bnn/core/error.h"
#include "bnn/images/image_file.h"

namespace bnn {
namespace {

std::vector<std::string> problems_of(const std::vector<DecodedFile>& results) {
  std::vector<std::string> problems;
  for (const DecodedFile& result : results) {
    if (result.failure) std::rethrow_exception(result.failure);
    if (!result.problem.empty()) problems.push_back(result.problem);
  }
  return problems;
}

}  // namespace

DecodedFile decode_into(const LabelledFile& file, const Shape& shape, ResizeMode mode,
                        std::uint8_t* pixels) {
  DecodedFile result;
  try {
    const Image image = fit_image(read_image(file.path), shape, mode, result.changes);
    std::copy(image.bytes.begin(), image.bytes.end(), pixels);
    result.stream_name = image_stream_name(image.bytes);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::data || error.kind() == ErrorKind::io) {
      result.problem = error.what();
    } else {
      result.failure = std::current_exception();
    }
  } catch (...) {
    result.failure = std::current_exception();
  }
  return result;
}

void refuse_broken(std::vector<std::string> problems, std::size_t files) {
  if (problems.empty()) return;
  if (problems.size() == 1) {
    throw Error(ErrorKind::data, problems[0] + "; --skip-errors passes over such images");
  }
  const std::string sentence = fmt::format(
      "{} of {} images cannot be read; mend or remove them, or pass over them with "
      "--skip-errors",
      problems.size(), files);
  throw Error(ErrorKind::data, sentence, std::move(problems));
}

std::uint32_t image_stream_name(std::span<const std::uint8_t> pixels) {
  return static_cast<std::uint32_t>(crc32_z(0, pixels.data(), pixels.size()));
}

DecodedImages decode_images(std::span<const LabelledFile> files, const Shape& shape,
                            const DecodeOptions& how, ThreadPool& pool) {
  DecodedImages decoded;
  ByteArray& pixels = decoded.images.pixels;
  pixels.resize(files.size() * shape.size());
  std::vector<DecodedFile> results(files.size());
  pool.run(files.size(), [&](std::size_t i, int) {
    results[i] = decode_into(files[i], shape, how.resize, pixels.data() + i * shape.size());
  });
  decoded.skipped = problems_of(results);
  if (how.broken == BrokenImages::refuse) refuse_broken(decoded.skipped, files.size());
  std::size_t kept = 0;
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (!results[i].problem.empty()) continue;
    if (kept < i)
      std::copy_n(pixels.data() + i * shape.size(), shape.size(),
                  pixels.data() + kept * shape.size());
    ++kept;
    decoded.images.labels.push_back(files[i].label);
    decoded.names.push_back(files[i].name);
    decoded.stream_names.push_back(results[i].stream_name);
    decoded.changes.add(results[i].changes);
  }
  pixels.resize(kept * shape.size());
  return decoded;
}

}  // namespace bnn
