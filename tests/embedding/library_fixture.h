#pragma once
// libbnn as a program that links it sees it.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bnn.h"
#include "support/tiny_run.h"

namespace bnn::testing {

struct FreeModel {
  void operator()(bnn_model* model) const { bnn_model_free(model); }
};
struct FreeSession {
  void operator()(bnn_session* session) const { bnn_session_free(session); }
};
using ModelHandle = std::unique_ptr<bnn_model, FreeModel>;
using SessionHandle = std::unique_ptr<bnn_session, FreeSession>;

/// Both throw std::runtime_error with the library's sentence.
ModelHandle load_library_model(const std::string& path);
SessionHandle new_session(const bnn_model* model, const bnn_session_options& options);
bnn_session_options session_options();

/// All results of a call.
struct LibraryResults {
  std::vector<double> probabilities, probabilities_std, predictive_entropy, expected_entropy,
      mutual_information, variation_ratio, energy, max_logit, mahalanobis;
  std::vector<std::int32_t> predicted;
  std::vector<float> samples;
};

/// @param names empty: NULL
LibraryResults predict_images(const bnn_model* model, bnn_session* session,
                              const std::vector<std::uint8_t>& images,
                              const std::vector<std::uint32_t>& names = {});

/// The pixels of a tiny run's test images, as they lie in test.bin.
std::vector<std::uint8_t> tiny_test_images();

/// Compares with the lines of bnn-predict: every number, to the last bit.
void check_equal(const LibraryResults& results, const std::vector<Json>& lines);

}  // namespace bnn::testing
