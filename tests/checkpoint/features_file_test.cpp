// The features file: what is written is read; other weights, networks and damage are refused.

#include "bnn/checkpoint/features_file.h"

#include <catch2/catch.hpp>

#include "bnn/core/error.h"
#include "bnn/files/checkpoint_file.h"
#include "support/data_files.h"
#include "support/tiny_run.h"

namespace bnn::testing {
namespace {

// A tiny run's last layer reads 3 x 3 x 2 numbers.
ClassGaussians tiny_gaussians() {
  ClassGaussians gaussians{.classes = 10, .features = 18, .shrinkage = 0.25};
  gaussians.counts.assign(10, 3);
  gaussians.means.assign(180, 0.5f);
  gaussians.whitening.assign(18 * 18, 0);
  for (std::size_t i = 0; i < 18; ++i) {
    for (std::size_t j = i; j < 18; ++j) gaussians.whitening[i * 18 + j] = 1 + float(i * j);
  }
  return gaussians;
}

void check_not_read(const std::string& checkpoint, const ModelCheckpoint& model,
                    const std::string& part) {
  try {
    read_features(checkpoint, model);
    FAIL("expected an error with " + part);
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::checkpoint);
    CHECK(std::string(error.what()).find(part) != std::string::npos);
    CHECK(std::string(error.what()).find("features.safetensors") != std::string::npos);
  }
}

}  // namespace

TEST_CASE("class Gaussians are read as they were written") {
  const TrainedRun tiny;
  const ModelCheckpoint model = load_model(tiny.last(), 1);
  CHECK_FALSE(read_features(tiny.last(), model).has_value());
  const ClassGaussians written = tiny_gaussians();
  write_features(tiny.last(), model.digest, written);
  CHECK(features_path(tiny.last()) == tiny.last() + ".features.safetensors");
  const std::optional<ClassGaussians> read = read_features(tiny.last(), model);
  REQUIRE(read.has_value());
  CHECK(read->counts == written.counts);
  CHECK(read->means == written.means);
  CHECK(read->whitening == written.whitening);
  CHECK(read->shrinkage == written.shrinkage);
}

TEST_CASE("a features file of other weights or of another network is refused") {
  const TrainedRun tiny;
  const ModelCheckpoint model = load_model(tiny.last(), 1);
  write_features(tiny.last(), "crc32:01234567", tiny_gaussians());
  check_not_read(tiny.last(), model, "belongs to other weights");
  ClassGaussians fewer = tiny_gaussians();
  fewer.features = 17;
  fewer.means.resize(170);
  fewer.whitening.resize(17 * 17);
  write_features(tiny.last(), model.digest, fewer);
  check_not_read(tiny.last(), model, "shape [10,18]");
}

TEST_CASE("a features file with numbers that make no sense is refused") {
  const TrainedRun tiny;
  const ModelCheckpoint model = load_model(tiny.last(), 1);
  ClassGaussians none = tiny_gaussians(), square = none, singular = none;
  none.counts.assign(10, 0);
  write_features(tiny.last(), model.digest, none);
  check_not_read(tiny.last(), model, "\"counts\"");
  square.whitening[18] = 1;
  write_features(tiny.last(), model.digest, square);
  check_not_read(tiny.last(), model, "\"whitening\"");
  singular.whitening[0] = 0;
  write_features(tiny.last(), model.digest, singular);
  check_not_read(tiny.last(), model, "\"whitening\"");
}

TEST_CASE("a damaged features file and a file of another kind are refused") {
  const TrainedRun tiny;
  const ModelCheckpoint model = load_model(tiny.last(), 1);
  write_features(tiny.last(), model.digest, tiny_gaussians());
  const std::string path = features_path(tiny.last()), good = read_bytes(path);
  for (std::size_t at = 0; at < good.size(); at += 211) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 4);
    write_text(path, bad);
    CAPTURE(at);
    CHECK_THROWS_AS(read_features(tiny.last(), model), Error);
  }
  write_text(path, good.substr(0, good.size() - 1));
  CHECK_THROWS_AS(read_features(tiny.last(), model), Error);
  write_text(path, read_bytes(tiny.last()));
  check_not_read(tiny.last(), model, "--fit-features");
}

}  // namespace bnn::testing
