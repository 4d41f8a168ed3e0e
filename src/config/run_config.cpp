#include "bnn/config/run_config.h"

#include <algorithm>
#include <fmt/format.h>
#include <limits>
#include <optional>
#include <utility>

#include "bnn/bayes/softmax_classifier.h"
#include "bnn/config/model_preset.h"
#include "bnn/core/input_file.h"
#include "bnn/core/json_schema.h"
#include "bnn/core/parse_json.h"
#include "bnn/data/data_config.h"
#include "bnn/model/read_model.h"
#include "bnn/train/optimizer_types.h"

namespace bnn {
namespace {

constexpr std::size_t kMaxConfigBytes = std::size_t{16} << 20;
constexpr std::size_t kMaxNameBytes = 255;
constexpr double kMaxSmoothing = 0.999999;  // of 1 nothing of the labels would be left
constexpr std::int64_t kMaxSeed = std::numeric_limits<std::int64_t>::max();

ScheduleSpec read_schedule(ObjectReader& reader, const std::string& type) {
  using Kind = ScheduleSpec::Kind;
  constexpr double kMaxEpochs = 1e9;
  ScheduleSpec schedule;
  if (type == "step") {
    schedule.kind = Kind::step;
    schedule.milestones = reader.reals("milestones", {.min = 0.0, .max = kMaxEpochs});
    schedule.factor = reader.real("factor", {.min = 0.0, .max = 1.0, .fallback = schedule.factor});
  } else if (type == "cosine") {
    schedule.kind = Kind::cosine;
    schedule.final_fraction = reader.real(
        "final_fraction", {.min = 0.0, .max = 1.0, .fallback = schedule.final_fraction});
  } else if (type == "exponential") {
    schedule.kind = Kind::exponential;
    schedule.decay = reader.real(
        "decay", {.min = 0.0, .max = 1.0, .fallback = schedule.decay, .above_min = true});
  }
  schedule.warmup_epochs =
      reader.real("warmup_epochs", {.min = 0.0, .max = kMaxEpochs, .fallback = 0.0});
  return schedule;
}

KlSpec read_kl(ObjectReader& reader) {
  KlSpec kl;
  kl.weight = reader.real("weight", {.min = 0.0, .max = 1e9, .fallback = kl.weight});
  kl.annealing_epochs =
      reader.real("annealing_epochs", {.min = 0.0, .max = 1e9, .fallback = kl.annealing_epochs});
  return kl;
}

EarlyStoppingSpec read_early_stopping(ObjectReader& reader) {
  EarlyStoppingSpec spec;
  spec.monitor = reader.enumerator("monitor", kMonitorNames, spec.monitor);
  spec.patience =
      static_cast<int>(reader.integer("patience", {.min = 0, .max = 1000000, .fallback = 0}));
  spec.min_delta = reader.real("min_delta", {.min = 0.0, .max = 1e6, .fallback = 0.0});
  return spec;
}

std::optional<PosteriorFromWeights> read_posterior_from_weights(ObjectReader& training) {
  const std::string key = "posterior_from_weights";
  PosteriorFromWeights spec;
  const auto read = [&](ObjectReader& reader) {
    spec.delta =
        reader.real("delta", {.min = 0.0, .max = 1e3, .fallback = spec.delta, .above_min = true});
  };
  const bool given = training.optional(key, [&] { training.object(key, read); });
  return given ? std::optional(spec) : std::nullopt;
}

// null, "balanced", or a weight for each class.
void read_class_weights(ObjectReader& reader, RunConfig& config) {
  const std::string key = "class_weights", balanced = "balanced";
  const RealRule weight{.min = 0.0, .max = 1e6};
  if (reader.describing()) {
    const Json weights =
        list_schema({{"type", "number"}, {"minimum", weight.min}, {"maximum", weight.max}});
    reader.describe(key, with_default(or_null(any_of({{{"const", balanced}}, weights})), nullptr));
    return;
  }
  const Json& value = reader.raw(key);
  if (value.is_string() && value.text() == balanced) {
    config.class_weights.balanced = true;
    reader.record(key, value);
  } else {
    reader.optional(key, [&] { config.class_weights.given = reader.reals(key, weight); });
    const std::vector<double>& given = config.class_weights.given;
    const bool counts = std::any_of(given.begin(), given.end(), [](double w) { return w > 0; });
    if (value.is_array() && !counts) {
      reader.problem(key,
                     "no class counts; expected null, \"balanced\" or a weight for each class, "
                     "at least one of them above 0");
    }
  }
  if (config.class_weights.any() && config.sampling == Sampling::balanced) {
    reader.problem(key,
                   "makes up for small classes once more than sampling \"balanced\" does; "
                   "expected one of the two");
  }
}

void read_training(ObjectReader& reader, RunConfig& config) {
  TrainingSpec& spec = config.training;
  spec.epochs = static_cast<std::uint64_t>(
      reader.integer("epochs", {.min = 0, .max = 1000000000, .fallback = 10}));
  spec.batch_size = static_cast<int>(
      reader.integer("batch_size", {.min = 1, .max = 1 << 20, .fallback = spec.batch_size}));
  spec.seed = static_cast<std::uint64_t>(
      reader.integer("seed", {.min = 0, .max = kMaxSeed, .fallback = 0}));
  spec.shards = static_cast<int>(
      reader.integer("shards", {.min = 1, .max = kMaxShards, .fallback = spec.shards}));
  spec.samples = static_cast<int>(
      reader.integer("samples", {.min = 1, .max = 1024, .fallback = spec.samples}));
  spec.products = reader.enumerator("products", kProductsKindNames, spec.products);
  reader.object("optimizer", [&](ObjectReader& r) { spec.optimizer = read_optimizer(r); });
  const VariantRule schedule{.types = {"constant", "step", "cosine", "exponential"},
                             .fallback = Json::object(),
                             .default_type = "constant",
                             .bare_names = false};
  reader.variant("learning_rate_schedule", schedule, [&](ObjectReader& r, const std::string& type) {
    spec.schedule = read_schedule(r, type);
  });
  config.sampling = reader.enumerator("sampling", kSamplingNames, config.sampling);
  read_class_weights(reader, config);
  config.label_smoothing =
      reader.real("label_smoothing", {.min = 0.0, .max = kMaxSmoothing, .fallback = 0.0});
  spec.gradient_clip_norm =
      reader.real("gradient_clip_norm", {.min = 0.0, .max = 1e30, .fallback = 0.0});
  spec.average.ema_decay =
      reader.real("ema_decay", {.min = 0.0, .max = 0.9999999, .fallback = 0.0});
  spec.average.swa_epochs = static_cast<std::uint64_t>(
      reader.integer("swa_epochs", {.min = 0, .max = 1000000000, .fallback = 0}));
  reader.object("kl", [&](ObjectReader& r) { spec.kl = read_kl(r); });
  reader.object("early_stopping",
                [&](ObjectReader& r) { config.early_stopping = read_early_stopping(r); });
  spec.posterior_from_weights = read_posterior_from_weights(reader);
  config.checkpoint_steps = static_cast<std::uint64_t>(
      reader.integer("checkpoint_steps", {.min = 0, .max = 1000000000, .fallback = 0}));
}

void read_evaluation(ObjectReader& reader, EvaluationSpec& spec) {
  spec.samples = static_cast<int>(
      reader.integer("samples", {.min = 1, .max = 65536, .fallback = spec.samples}));
  spec.validation_samples = static_cast<int>(reader.integer(
      "validation_samples", {.min = 1, .max = 65536, .fallback = spec.validation_samples}));
}

// Without --out the run's folder has the config's name.
bool is_folder_name(const std::string& name) {
  return !name.empty() && name != "." && name != ".." && name.size() <= kMaxNameBytes &&
         name.find('/') == std::string::npos &&
         std::none_of(name.begin(), name.end(),
                      [](unsigned char c) { return c < 0x20 || c == 0x7F; });
}

void read_name(ObjectReader& root, RunConfig& config) {
  config.name = root.text("name", "run");
  if (!is_folder_name(config.name)) {
    root.problem("name", "expected a name that a folder may have, found " + json_text(config.name));
  }
  if (!root.describing()) return;
  root.describe("name", {{"type", "string"},
                         {"minLength", 1},
                         {"maxLength", kMaxNameBytes},
                         {"pattern", R"(^[^/\x00-\x1f\x7f]+$)"},
                         {"not", {{"enum", {".", ".."}}}},
                         {"default", "run"}});
}

// An editor finds the schema of a document by this key. A run ignores it.
void read_schema_address(ObjectReader& root) {
  const std::string key = "$schema";
  if (root.describing()) root.describe(key, text_schema(std::nullopt));
  if (root.has(key)) root.text(key, std::nullopt);
}

RunConfig read_document(ObjectReader& root) {
  RunConfig config;
  read_schema_address(root);
  read_name(root, config);
  root.object("data", [&](ObjectReader& r) { config.data = read_data_config(r); });
  root.object("model", [&](ObjectReader& r) {
    config.model = read_model(r);
    if (r.describing()) read_preset_keys(r);  // which are read before, and go away
  });
  root.object("training", [&](ObjectReader& r) { read_training(r, config); });
  root.object("evaluation", [&](ObjectReader& r) { read_evaluation(r, config.evaluation); });
  root.finish();
  if (config.early_stopping.patience > 0 && config.data.validation_examples == 0 &&
      config.data.validation_fraction == 0) {
    root.problem("training/early_stopping/patience",
                 "early stopping needs a validation split; set /data/validation");
  }
  return config;
}

// The value at a path of keys; null if there is none.
Json value_at(const Json& object, std::initializer_list<std::string> keys) {
  const Json* value = &object;
  for (const std::string& key : keys) {
    value = value->is_object() ? value->find(key) : nullptr;
    if (value == nullptr) return nullptr;
  }
  return *value;
}

// Whether a step depends on the number of epochs: where the learning rate follows a cosine to the
// last of them, where the last ones are averaged, and where the memory of the curvature follows
// their steps.
bool depends_on_epochs(const Json& training) {
  const Json swa_epochs = value_at(training, {"swa_epochs"});
  const Json optimizer = value_at(training, {"optimizer"});
  return value_at(training, {"learning_rate_schedule", "type"}) == "cosine" ||
         !(swa_epochs.is_null() || swa_epochs == 0) ||
         (value_at(optimizer, {"type"}) == "ivon" && value_at(optimizer, {"beta_2"}).is_null());
}

// Without keys that may differ when a run is continued, since they do not change what a step
// computes.
Json comparable(Json config) {
  if (!config.is_object()) return config;
  if (Json* training = config.find("training"); training != nullptr && training->is_object()) {
    if (!depends_on_epochs(*training)) training->erase("epochs");
  }
  config.erase("$schema");
  config.erase("name");
  config.erase("evaluation");
  for (const auto& [section, keys] :
       {std::pair<std::string, std::vector<std::string>>{
            "data", {"directory", "test", "class_names", "standardize"}},
        {"training", {"checkpoint_steps", "early_stopping"}}}) {
    if (!config.contains(section) || !config.at(section).is_object()) continue;
    for (const std::string& key : keys) config.at(section).erase(key);
  }
  return config;
}

std::string first_difference(const Json& a, const Json& b, const std::string& pointer) {
  if (a == b) return "";
  if (a.is_object() && b.is_object()) {
    for (const auto& [key, value] : a.items()) {
      if (!b.contains(key)) return pointer + "/" + key;
      const std::string inner = first_difference(value, b.at(key), pointer + "/" + key);
      if (!inner.empty()) return inner;
    }
    for (const auto& [key, value] : b.items()) {
      if (!a.contains(key)) return pointer + "/" + key;
    }
    return "";  // the same keys in another order
  }
  if (a.is_array() && b.is_array() && a.size() == b.size()) {
    for (std::size_t i = 0; i < a.size(); ++i) {
      const std::string inner = first_difference(a[i], b[i], fmt::format("{}/{}", pointer, i));
      if (!inner.empty()) return inner;
    }
    return "";
  }
  return pointer.empty() ? "/" : pointer;
}

// A key that configs did not have once, and what programs did then.
struct YoungerKey {
  const char *section, *key, *before;
};

constexpr YoungerKey kYoungerKeys[] = {
    {"training", "products", name_of(kProductsKindNames, ProductsKind::openblas)},
    {"data", "validation_split", name_of(kValidationSplitNames, ValidationSplit::random)},
};

// Sets the key, unless the document has it or is no config.
void complete(Json& document, const YoungerKey& key, const Json& value) {
  Json* section = document.find(key.section);
  if (section != nullptr && section->is_object() && !section->contains(key.key)) {
    (*section)[key.key] = value;
  }
}

}  // namespace

Json load_config_document(const std::string& path) {
  return parse_json(read_text_file(path, kMaxConfigBytes, ErrorKind::config), shown_path(path),
                    ErrorKind::config);
}

Json completed_stored_config(Json document) {
  for (const YoungerKey& key : kYoungerKeys) complete(document, key, key.before);
  return document;
}

Json completed_as_stored(const Json& stored, Json document) {
  for (const YoungerKey& key : kYoungerKeys) {
    const Json* section = stored.find(key.section);
    const Json* value = section == nullptr ? nullptr : section->find(key.key);
    if (value != nullptr) complete(document, key, *value);
  }
  return document;
}

RunConfig read_run_config(const Json& document, const std::string& source, ErrorKind kind) {
  Problems problems(source);
  ObjectReader root(document, "", problems);
  RunConfig config = read_document(root);
  problems.raise_if_any(kind);
  config.resolved = root.resolved();
  return config;
}

Json run_config_schema() {
  Json schema = {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                 {"title", "Config of a bnn run"},
                 {"description", "Data, model, training and evaluation of one network."}};
  const Json document = describe_object([](ObjectReader& root) { read_document(root); });
  for (const auto& [key, value] : document.items()) schema[key] = value;
  return share_definitions(std::move(schema));
}

Graph make_graph(const RunConfig& config, const std::string& source, ErrorKind kind) {
  try {
    Graph graph(config.model);
    const int expected = format_classes(config.data);
    if (expected != 0 && graph.outputs() != expected) {
      throw Error(kind, fmt::format("the last layer gives {} values, but the data has {} classes",
                                    graph.outputs(), expected));
    }
    const auto& require_fit = config.training.optimizer.require_fit;
    if (require_fit) require_fit(graph.layout(), config.training);
    return graph;
  } catch (const Error& error) {
    throw Error(kind, source + ": " + error.what());
  }
}

std::unique_ptr<const Likelihood> make_likelihood(const Graph& graph,
                                                  std::vector<float> class_weights,
                                                  double label_smoothing) {
  return std::make_unique<SoftmaxClassifier>(static_cast<std::size_t>(graph.outputs()),
                                             std::move(class_weights),
                                             static_cast<float>(label_smoothing));
}

std::string differing_key(const Json& stored, const Json& now) {
  return first_difference(comparable(stored), comparable(now), "");
}

}  // namespace bnn
