#include <cmath>
#include <stdexcept>

#include <catch2/catch.hpp>

#include "embedding/library_fixture.h"
#include "support/data_files.h"

namespace bnn::testing {
namespace {

void require_ok(int status) {
  if (status != BNN_OK) throw std::runtime_error(bnn_last_error());
}

}  // namespace

ModelHandle load_library_model(const std::string& path) {
  bnn_model* model = nullptr;
  require_ok(bnn_model_load(path.c_str(), &model));
  return ModelHandle(model);
}

bnn_session_options session_options() {
  bnn_session_options options = {};
  options.struct_size = sizeof options;
  return options;
}

SessionHandle new_session(const bnn_model* model, const bnn_session_options& options) {
  bnn_session* session = nullptr;
  require_ok(bnn_session_new(model, &options, &session));
  return SessionHandle(session);
}

LibraryResults predict_images(const bnn_model* model, bnn_session* session,
                              const std::vector<std::uint8_t>& images,
                              const std::vector<std::uint32_t>& names) {
  bnn_info info = {};
  info.struct_size = sizeof info;
  require_ok(bnn_model_info(model, &info));
  const auto size = static_cast<std::size_t>(info.height * info.width * info.channels);
  const auto classes = static_cast<std::size_t>(info.classes);
  const std::size_t n = images.size() / size;
  LibraryResults all;
  all.probabilities.resize(n * classes);
  all.probabilities_std.resize(n * classes);
  all.predictive_entropy.resize(n);
  all.expected_entropy.resize(n);
  all.mutual_information.resize(n);
  all.variation_ratio.resize(n);
  for (auto* scores : {&all.energy, &all.max_logit, &all.mahalanobis}) scores->resize(n);
  all.predicted.resize(n);
  all.samples.resize(static_cast<std::size_t>(bnn_session_samples(session)) * n * classes);
  bnn_results results = {sizeof results,
                         all.probabilities.data(),
                         all.probabilities_std.data(),
                         all.predictive_entropy.data(),
                         all.expected_entropy.data(),
                         all.mutual_information.data(),
                         all.variation_ratio.data(),
                         all.predicted.data(),
                         all.samples.data(),
                         all.energy.data(),
                         all.max_logit.data(),
                         all.mahalanobis.data()};
  require_ok(
      bnn_predict(session, images.data(), n, names.empty() ? nullptr : names.data(), &results));
  return all;
}

std::vector<std::uint8_t> tiny_test_images() {
  const std::string records = cifar_records(kTinyTestExamples, kTinyTestPattern);
  constexpr std::size_t kRecord = 65;
  std::vector<std::uint8_t> images;
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (i % kRecord != 0) images.push_back(static_cast<std::uint8_t>(records[i]));
  }
  return images;
}

void check_equal(const LibraryResults& results, const std::vector<Json>& lines) {
  REQUIRE(results.predicted.size() == lines.size());
  const std::size_t classes = results.probabilities.size() / lines.size();
  for (std::size_t i = 0; i < lines.size(); ++i) {
    CAPTURE(i);
    const Json& line = lines[i];
    for (std::size_t k = 0; k < classes; ++k) {
      CHECK(results.probabilities[i * classes + k] == line.at("probabilities").at(k).get<double>());
      CHECK(results.probabilities_std[i * classes + k] ==
            line.at("probabilities_std").at(k).get<double>());
    }
    CHECK(results.predictive_entropy[i] == line.at("predictive_entropy").get<double>());
    CHECK(results.expected_entropy[i] == line.at("expected_entropy").get<double>());
    CHECK(results.mutual_information[i] == line.at("mutual_information").get<double>());
    CHECK(results.variation_ratio[i] == line.at("variation_ratio").get<double>());
    CHECK(results.energy[i] == line.at("energy").get<double>());
    CHECK(results.max_logit[i] == line.at("max_logit").get<double>());
    if (line.contains("mahalanobis")) {
      CHECK(results.mahalanobis[i] == line.at("mahalanobis").get<double>());
    } else {
      CHECK(std::isnan(results.mahalanobis[i]));
    }
    CHECK(results.predicted[i] == line.at("predicted").get<int>());
  }
}

}  // namespace bnn::testing
