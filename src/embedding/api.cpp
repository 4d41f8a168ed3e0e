// The functions of bnn.h: they check arguments and leave the work to others.

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "bnn/checkpoint/features_file.h"
#include "bnn/core/memory_limit.h"
#include "bnn/images/resize.h"
#include "guarded_call.h"
#include "handles.h"
#include "processor_check.h"

namespace {

using bnn::require_argument;

constexpr std::size_t kMaxImages = std::numeric_limits<std::uint32_t>::max();

// Reads a struct of the caller, who may know fewer members than this library, or more of them that
// are all 0.
template <typename Struct>
Struct struct_of(const Struct& given) {
  Struct known{};
  const std::size_t size = given.struct_size;
  constexpr std::size_t kLargest = 1024;
  require_argument(size >= sizeof(std::size_t) && size <= kLargest, "struct_size is not set");
  std::memcpy(&known, &given, std::min(size, sizeof known));
  const auto* bytes = reinterpret_cast<const unsigned char*>(&given);
  require_argument(
      size <= sizeof known || std::all_of(bytes + sizeof known, bytes + size,
                                          [](unsigned char byte) { return byte == 0; }),
      "a member of the struct is newer than this library");
  return known;
}

// The file beside a checkpoint, or null if it is of no use.
std::shared_ptr<const bnn::ClassGaussians> gaussians_beside(const char* path,
                                                            const bnn::ModelCheckpoint& model) {
  try {
    std::optional<bnn::ClassGaussians> read = bnn::read_features(path, model);
    return read ? std::make_shared<const bnn::ClassGaussians>(std::move(*read)) : nullptr;
  } catch (const bnn::Error&) {
    return nullptr;  // all other numbers are as good without it
  }
}

int load(const std::function<bnn_model()>& read, bnn_model** model) {
  if (model != nullptr) *model = nullptr;
  return bnn::guarded_call([&] {
    require_argument(model != nullptr, "model is NULL");
    const char* missing = bnn::missing_processor_feature();
    if (missing != nullptr) {
      throw bnn::Error(bnn::ErrorKind::io, std::string("this processor has no ") + missing +
                                               ", which libbnn was compiled for");
    }
    *model = new bnn_model(read());
  });
}

bnn::PredictionSpec spec_of(const bnn::ModelCheckpoint& model, const bnn_session_options& options) {
  constexpr std::int32_t kMaxSamples = 65536;
  require_argument(options.samples >= 0 && options.samples <= kMaxSamples,
                   "samples: expected 1 to 65536, or 0 for the default");
  const bool is_default = options.temperature == 0;
  require_argument(is_default || (options.temperature > 0 && std::isfinite(options.temperature) &&
                                  std::isfinite(1 / options.temperature)),
                   "temperature: expected a number above 0, or 0 for the default");
  bnn::SampleOptions sampling;
  if (options.samples > 0) sampling.samples = options.samples;
  sampling.mean_weights = options.mean_weights != 0;
  sampling.products = bnn::ProductsKind::own;
  bnn::PredictionSpec spec = prediction_spec(sampling, model);
  if (options.has_seed != 0) spec.seed = options.seed;
  spec.temperature = options.temperature > 0 ? options.temperature : 1;
  return spec;
}

}  // namespace

const char* bnn_version(void) { return BNN_VERSION; }

unsigned bnn_abi_version(void) { return BNN_ABI_VERSION; }

const char* bnn_last_error(void) { return bnn::last_error(); }

int bnn_model_load(const char* path, bnn_model** model) {
  return load(
      [&] {
        require_argument(path != nullptr, "path is NULL");
        auto checkpoint = std::make_shared<const bnn::ModelCheckpoint>(bnn::load_model(path, 1));
        auto gaussians = gaussians_beside(path, *checkpoint);
        return bnn_model{std::move(checkpoint), std::move(gaussians)};
      },
      model);
}

int bnn_model_load_memory(const void* bytes, std::size_t size, bnn_model** model) {
  return load(
      [&] {
        require_argument(bytes != nullptr, "bytes is NULL");
        bnn::InputFile file({static_cast<const std::byte*>(bytes), size}, "checkpoint in memory",
                            bnn::ErrorKind::checkpoint);
        return bnn_model{std::make_shared<const bnn::ModelCheckpoint>(bnn::load_model(file, 1)),
                         nullptr};
      },
      model);
}

void bnn_model_free(bnn_model* model) { delete model; }

int bnn_model_info(const bnn_model* model, bnn_info* info) {
  return bnn::guarded_call([&] {
    require_argument(model != nullptr && info != nullptr, "model or info is NULL");
    constexpr std::size_t kLargest = 1024;
    require_argument(info->struct_size >= sizeof(std::size_t) && info->struct_size <= kLargest,
                     "struct_size is not set");
    const bnn::ModelCheckpoint& checkpoint = *model->checkpoint;
    const bnn::Shape& input = checkpoint.config.model.input;
    const bnn::PredictionSpec spec = spec_of(checkpoint, {});
    bnn_info known{};
    known.struct_size = info->struct_size;
    known.height = input.height;
    known.width = input.width;
    known.channels = input.channels;
    known.classes = checkpoint.graph.outputs();
    known.samples = spec.passes();
    known.has_noise = checkpoint.graph.has_noise() ? 1 : 0;
    known.seed = spec.seed;
    const std::size_t size = info->struct_size;
    std::memcpy(info, &known, std::min(size, sizeof known));
    if (size > sizeof known) {  // members of a later version
      std::memset(reinterpret_cast<unsigned char*>(info) + sizeof known, 0, size - sizeof known);
    }
  });
}

const char* bnn_model_class_name(const bnn_model* model, std::int32_t index) {
  if (model == nullptr || index < 0) return nullptr;
  const std::vector<std::string>& names = model->checkpoint->class_names;
  const auto i = static_cast<std::size_t>(index);
  return i < names.size() ? names[i].c_str() : nullptr;
}

int bnn_model_fit_image(const bnn_model* model, const std::uint8_t* image, std::int32_t height,
                        std::int32_t width, std::int32_t channels, std::uint8_t* out) {
  return bnn::guarded_call([&] {
    require_argument(model != nullptr && image != nullptr && out != nullptr,
                     "model, image or out is NULL");
    constexpr std::int32_t kMaxSide = 1 << 20;
    require_argument(height > 0 && width > 0 && height <= kMaxSide && width <= kMaxSide,
                     "height and width: expected 1 to 1048576");
    const bnn::RunConfig& config = model->checkpoint->config;
    const bnn::Shape& input = config.model.input;
    require_argument(
        (channels == 1 || channels == 3) && (input.channels == 1 || input.channels == 3),
        "channels: expected 1 or 3, of the image and of the model");
    bnn::Image decoded{height, width, channels};
    const std::size_t size = decoded.shape().size();
    decoded.bytes.assign(image, image + size);
    bnn::ImageChanges changes;
    const bnn::Image fitted =
        bnn::fit_image(std::move(decoded), input, config.data.resize, changes);
    std::copy(fitted.bytes.begin(), fitted.bytes.end(), out);
  });
}

int bnn_session_new(const bnn_model* model, const bnn_session_options* options,
                    bnn_session** session) {
  if (session != nullptr) *session = nullptr;
  return bnn::guarded_call([&] {
    require_argument(model != nullptr && session != nullptr, "model or session is NULL");
    bnn_session_options known{};
    if (options != nullptr) known = struct_of(*options);
    constexpr std::int32_t kMaxThreads = 1024;
    require_argument(known.threads >= 0 && known.threads <= kMaxThreads,
                     "threads: expected 1 to 1024, or 0 for the default");
    const int threads = std::max(known.threads, 1);
    bnn::require_memory(bnn::Predictor::bytes(model->checkpoint->graph, threads), "libbnn",
                        "a session", bnn::ErrorKind::io);
    *session = new bnn_session(*model, spec_of(*model->checkpoint, known), threads);
  });
}

void bnn_session_free(bnn_session* session) {
  // In the child of a fork, its threads are missing, and waiting for them would never end.
  if (session != nullptr && session->is_usable()) delete session;
}

std::int32_t bnn_session_samples(const bnn_session* session) {
  return session == nullptr ? 0 : session->spec().passes();
}

int bnn_predict(bnn_session* session, const std::uint8_t* images, std::size_t n,
                const std::uint32_t* names, bnn_results* results) {
  return bnn::guarded_call([&] {
    require_argument(session != nullptr && results != nullptr, "session or results is NULL");
    require_argument(images != nullptr || n == 0, "images is NULL");
    require_argument(
        session->is_usable(),
        "the session was made before a fork, and its threads are in the other process; "
        "expected a session of this process");
    require_argument(n < kMaxImages, "n: expected fewer than 2^32 - 1 images");
    const bnn_results known = struct_of(*results);
    session->predict({images, n * session->input().size()}, n, names, known);
  });
}
