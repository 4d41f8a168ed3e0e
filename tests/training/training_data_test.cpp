// The checksum of training data, which a checkpoint carries.

#include "bnn/training/training_data.h"

#include <zlib.h>

#include <catch2/catch.hpp>

#include "support/model_fixtures.h"

using namespace bnn;
using namespace bnn::testing;

TEST_CASE("the digest of data is the CRC-32 of pixels and labels, however many threads make it") {
  // One slice, and more than two.
  for (const std::size_t examples : {std::size_t{3}, std::size_t{900}}) {
    TrainingData data;
    data.images = random_dataset({64, 64, 3, false}, 5, examples, 3);
    const auto pixels = data.images.pixels();
    const auto labels = std::as_bytes(data.images.labels());
    uLong crc = crc32_z(0, pixels.data(), pixels.size());
    crc = crc32_z(crc, reinterpret_cast<const Bytef*>(labels.data()), labels.size());
    for (const int threads : {1, 3}) {
      ThreadPool pool(threads);
      CHECK(data.digest(pool) == crc);
    }
  }
}
