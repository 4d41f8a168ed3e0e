// The functions of bnn.h, on a checkpoint in memory.

#include <cmath>
#include <cstring>
#include <memory>

#include "bnn.h"
#include "bnn/core/display_text.h"
#include "targets/targets.h"

namespace bnn::fuzzing {
namespace {

constexpr std::size_t kMostNumbers = 4096;  // of an image

// Whether it went well. What went wrong is said in a sentence, and is no defect of the library.
bool succeeded(int status) {
  if (status == BNN_OK) return true;
  const std::string message = bnn_last_error();
  require(status != BNN_ERROR_INTERNAL, message);
  require_sentence(message);
  require(printable_line(message) == message, "bnn_last_error is not one printable line");
  return false;
}

struct FreeModel {
  void operator()(bnn_model* model) const { bnn_model_free(model); }
};
struct FreeSession {
  void operator()(bnn_session* session) const { bnn_session_free(session); }
};
using Model = std::unique_ptr<bnn_model, FreeModel>;
using Session = std::unique_ptr<bnn_session, FreeSession>;

Model load(Bytes input) {
  bnn_model* model = nullptr;
  const bool is_loaded = succeeded(bnn_model_load_memory(input.data(), input.size(), &model));
  require(is_loaded == (model != nullptr), "status and model differ");
  return Model(model);
}

Session new_session(const bnn_model& model) {
  bnn_session_options options = {};
  options.struct_size = sizeof options;
  options.samples = 2;
  bnn_session* session = nullptr;
  const bool is_made = succeeded(bnn_session_new(&model, &options, &session));
  require(is_made == (session != nullptr), "status and session differ");
  return Session(session);
}

void predict(const bnn_model& model, bnn_session& session, const bnn_info& info) {
  const std::vector<std::uint8_t> other(2 * 3 * 3, 100);
  std::vector<std::uint8_t> image(static_cast<std::size_t>(info.height) *
                                  static_cast<std::size_t>(info.width) *
                                  static_cast<std::size_t>(info.channels));
  succeeded(bnn_model_fit_image(&model, other.data(), 2, 3, 3, image.data()));
  std::vector<double> probabilities(static_cast<std::size_t>(info.classes));
  bnn_results results = {};
  results.struct_size = sizeof results;
  results.probabilities = probabilities.data();
  if (!succeeded(bnn_predict(&session, image.data(), 1, nullptr, &results))) return;
  double sum = 0;
  for (const double probability : probabilities) sum += probability;
  require(std::abs(sum - 1) < 1e-3, "probabilities do not sum to 1");
}

}  // namespace

void fuzz_library(Bytes input) {
  const Model model = load(input);
  if (model == nullptr) return;
  bnn_info info = {};
  info.struct_size = sizeof info;
  require(succeeded(bnn_model_info(model.get(), &info)), "a model has no info");
  for (int i = -1; i <= std::min(info.classes, 100); ++i) bnn_model_class_name(model.get(), i);
  const double numbers = static_cast<double>(info.height) * info.width * info.channels;
  if (numbers > kMostNumbers || info.classes > static_cast<int>(kMostNumbers)) return;
  const Session session = new_session(*model);
  if (session != nullptr) predict(*model, *session, info);
}

}  // namespace bnn::fuzzing
