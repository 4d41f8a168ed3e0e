#ifndef BNN_HPP
#define BNN_HPP
// libbnn in C++17: objects that free themselves, vectors, and exceptions instead of return codes. A
// thin layer of headers alone over bnn.h, which says what the functions do.
//
//     const bnn::Model model("last.safetensors");
//     bnn::Session session(model);
//     const bnn::Predictions predictions = session.predict(pixels.data(), n);

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "bnn.h"

namespace bnn {

class Error : public std::runtime_error {
 public:
  explicit Error(int status)
      : std::runtime_error(bnn_last_error()), status_(static_cast<bnn_status>(status)) {}
  Error(bnn_status status, const std::string& sentence)
      : std::runtime_error(sentence), status_(status) {}

  bnn_status status() const { return status_; }

 private:
  bnn_status status_;
};

inline void check(int status) {
  if (status != BNN_OK) throw Error(status);
}

/// A trained network. Threads may share it.
class Model {
 public:
  explicit Model(const std::string& path) {
    bnn_model* model = nullptr;
    check(bnn_model_load(path.c_str(), &model));
    take(model);
  }
  /// A checkpoint in memory, which is not needed afterwards.
  Model(const void* bytes, std::size_t size) {
    bnn_model* model = nullptr;
    check(bnn_model_load_memory(bytes, size, &model));
    take(model);
  }

  const bnn_info& info() const { return info_; }
  /// Bytes of one image.
  std::size_t image_size() const {
    return std::size_t(info_.height) * std::size_t(info_.width) * std::size_t(info_.channels);
  }
  /// Empty if the checkpoint has none.
  std::vector<std::string> class_names() const {
    std::vector<std::string> names;
    for (std::int32_t i = 0; bnn_model_class_name(get(), i) != nullptr; ++i) {
      names.emplace_back(bnn_model_class_name(get(), i));
    }
    return names;
  }
  /// An image of any size as the network expects it. @param channels 1 or 3
  std::vector<std::uint8_t> fit_image(const std::uint8_t* image, int height, int width,
                                      int channels) const {
    std::vector<std::uint8_t> fitted(image_size());
    check(bnn_model_fit_image(get(), image, height, width, channels, fitted.data()));
    return fitted;
  }

  const bnn_model* get() const { return model_.get(); }

 private:
  struct Free {
    void operator()(bnn_model* model) const { bnn_model_free(model); }
  };

  void take(bnn_model* model) {
    model_.reset(model);
    info_.struct_size = sizeof info_;
    check(bnn_model_info(model, &info_));
  }

  std::unique_ptr<bnn_model, Free> model_;
  bnn_info info_ = {};
};

struct SessionOptions {
  int threads = 1;
  std::optional<int> samples = {};  // by default the model's
  bool mean_weights = false;
  std::optional<std::uint64_t> seed = {};  // by default the model's
  double temperature = 1;
};

/// n images, K classes. Entropies are in nats.
struct Predictions {
  std::vector<double> probabilities;      // [n][K]
  std::vector<double> probabilities_std;  // [n][K]
  std::vector<double> predictive_entropy, expected_entropy, mutual_information, variation_ratio;
  std::vector<double> energy, max_logit, mahalanobis;  // as bnn_results has them
  std::vector<std::int32_t> predicted;
};

/// What one thread predicts with.
class Session {
 public:
  explicit Session(const Model& model, const SessionOptions& options = {})
      : image_size_(model.image_size()), classes_(std::size_t(model.info().classes)) {
    // For the library, 0 stands for what is not given.
    if (options.threads < 1 || options.samples.value_or(1) < 1 || !(options.temperature > 0)) {
      throw Error(BNN_ERROR_ARGUMENT,
                  "expected threads and samples of at least 1 and a temperature above 0");
    }
    bnn_session_options given = {};
    given.struct_size = sizeof given;
    given.threads = options.threads;
    given.samples = options.samples.value_or(0);
    given.mean_weights = options.mean_weights ? 1 : 0;
    given.has_seed = options.seed ? 1 : 0;
    given.seed = options.seed.value_or(0);
    given.temperature = options.temperature;
    bnn_session* session = nullptr;
    check(bnn_session_new(model.get(), &given, &session));
    session_.reset(session);
  }

  /// Samples of the weights.
  int samples() const { return bnn_session_samples(session_.get()); }

  /// @param images [n][height][width][channels]
  /// @param names as bnn_predict has them
  Predictions predict(const std::uint8_t* images, std::size_t n,
                      const std::uint32_t* names = nullptr) {
    Predictions all;
    all.probabilities.resize(n * classes_);
    all.probabilities_std.resize(n * classes_);
    for (auto* numbers : {&all.predictive_entropy, &all.expected_entropy, &all.mutual_information,
                          &all.variation_ratio, &all.energy, &all.max_logit, &all.mahalanobis}) {
      numbers->resize(n);
    }
    all.predicted.resize(n);
    bnn_results results = {};
    results.struct_size = sizeof results;
    results.probabilities = all.probabilities.data();
    results.probabilities_std = all.probabilities_std.data();
    results.predictive_entropy = all.predictive_entropy.data();
    results.expected_entropy = all.expected_entropy.data();
    results.mutual_information = all.mutual_information.data();
    results.variation_ratio = all.variation_ratio.data();
    results.predicted = all.predicted.data();
    results.energy = all.energy.data();
    results.max_logit = all.max_logit.data();
    results.mahalanobis = all.mahalanobis.data();
    check(bnn_predict(session_.get(), images, n, names, &results));
    return all;
  }
  /// Whole images alone: a remainder is an Error.
  Predictions predict(const std::vector<std::uint8_t>& images) {
    if (images.size() % image_size_ != 0) {
      throw Error(BNN_ERROR_ARGUMENT, "images: expected a multiple of " +
                                          std::to_string(image_size_) + " bytes, found " +
                                          std::to_string(images.size()));
    }
    return predict(images.data(), images.size() / image_size_);
  }

 private:
  struct Free {
    void operator()(bnn_session* session) const { bnn_session_free(session); }
  };

  std::unique_ptr<bnn_session, Free> session_;
  std::size_t image_size_, classes_;
};

}  // namespace bnn

#endif
