// Configs that bnn-train must refuse: one line that names file and place, exit code 3, nothing
// created. Each case changes one thing of a config that is known to be good.

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "support/json_document.h"
#include "support/tiny_run.h"

namespace bnn::testing {
namespace {

// A value at a JSON pointer of the tiny config, and what the message must say; an empty text
// stands for the pointer.
struct Case {
  std::string pointer;
  std::string value;
  std::string part = "";
};

void check_cases(const std::vector<Case>& cases) {
  const TinyRun tiny;
  for (const Case& c : cases) {
    CAPTURE(c.pointer, c.value);
    Json config = tiny_config();
    if (c.value.empty()) {
      at_pointer(config, parent_pointer(c.pointer))
          .erase(c.pointer.substr(c.pointer.rfind('/') + 1));
    } else {
      at_pointer(config, c.pointer) = bnn::testing::parsed(c.value);
    }
    check_config_refused(tiny, config.dump(), c.part.empty() ? c.pointer : c.part);
  }
}

}  // namespace

TEST_CASE("configs with bad layers are refused") {
  const std::string layer = "/model/layers/0/";
  std::vector<Case> cases = {
      {layer + "type", ""},
      {layer + "type", R"("conv2d_flipot")", R"(did you mean "conv2d_flipout"?)"},
      {layer + "kernal_size", "3", R"(did you mean "kernel_size"?)"},
      {layer + "units", "3", "/model/layers/0/units: unknown key"},
      {layer + "filters", ""},
      {layer + "kernel_size", ""},
      {layer + "kernel_size", "9", "does not fit"},
      {layer + "kernel_size", "[3]"},
      {layer + "kernel_size", "[3, 3, 3]"},
      {layer + "kernel_size", "[3, -1]"},
      {layer + "kernel_size", "1000000000", "layer \"conv\""},
      {layer + "padding", R"("full")"},
      {layer + "activation", R"("rellu")", R"(did you mean "relu"?)"},
      {layer + "name", R"("logits")", "used by two layers"},
      {layer + "name", R"("input")", "layer \"input\""},
      {layer + "name", R"("optimizer/m/logits")"},
      {layer + "name", R"("two\nlines")"},
      {layer + "inputs", R"(["nothing"])", "no such layer"},
      {layer + "inputs", R"(["conv"])", "circle"},
      {layer + "inputs", R"(["logits"])", "circle"},
      {layer + "inputs", R"(["input", "input"])", "expected one input"},
      {layer + "kernel_posterior_fn", R"({"type": "mean_field_norml"})",
       layer + "kernel_posterior_fn/type"},
      {layer + "kernel_posterior_fn", R"({"is_singular": true})"},
      {layer + "kernel_posterior_fn", R"({"loc_initializer": {"type": "normal"}})",
       layer + "kernel_posterior_fn/loc_initializer/type"},
      {layer + "kernel_posterior_fn", R"({"loc_initialiser": {}})",
       R"(did you mean "loc_initializer"?)"},
      {layer + "kernel_prior_fn", R"({"type": "normal", "scale": 0})",
       layer + "kernel_prior_fn/scale"},
      {layer + "kernel_prior_fn", R"({"type": "normal", "scale": -1})",
       layer + "kernel_prior_fn/scale"},
      {layer + "kernel_prior_fn", R"({"type": "cauchy"})", layer + "kernel_prior_fn/type"},
      {layer + "bias_prior_fn", R"({"type": "normal"})"},
      {layer + "kernel_divergence_fn", R"("monte")"},
      {"/model/layers/1/pool_size", ""},
      {"/model/layers/1/pool_size", "0"},
      {"/model/layers/1/pool_size", "7", "does not fit"},
      {"/model/layers/2", R"({"type": "activation", "activation": "relu"})", "\"flatten\""},
      {"/model/layers/3/inputs", R"(["conv"])", "not used"},
      {"/model/layers/3/units", ""},
      {"/model/layers/3", R"({"type": "flatten", "units": 3})", "/model/layers/3/units"},
      {"/model/layers", "[]"},
      {"/model/layers", "{}"},
      {"/model/layers", "null"},
      {"/model/layers", ""},
      {"/model/layers", "[3]", "/model/layers/0"},
      {"/model/layers", R"([{"type": "activation", "activation": "relu"}])", "vector of logits"},
      {"/model/input", ""},
      {"/model/input/height", "0"},
      {"/model/input/width", "1.5"},
      {"/model/input/channels", ""},
      {"/model/input/depth", "1", "unknown key"},
      {"/model/input/height", "4294967304"},
  };
  for (const char* value : {"0", "-1", "4294967297", "2147483648", "3.9", "true", "1e300", "\"3\"",
                            "null", "[2]", "{}"}) {
    cases.push_back({layer + "filters", value});
  }
  check_cases(cases);
}

TEST_CASE("stride and dilation together are refused, and so is a network beyond all memory") {
  const TinyRun tiny;
  Json config = tiny_config();
  config["model"]["layers"][0]["strides"] = 2;
  config["model"]["layers"][0]["dilation_rate"] = 2;
  check_config_refused(tiny, config.dump(), "/model/layers/0/dilation_rate");
  for (const int units : {300000000, 2000000000, 2147483647}) {
    config = tiny_config();
    config["model"]["layers"][3]["units"] = units;
    check_config_refused(tiny, config.dump(),
                         units == 300000000 ? "GB of memory" : "layer \"logits\"");
    config = tiny_config();
    config["model"]["layers"][0]["filters"] = units;
    check_config_refused(tiny, config.dump(), "");
  }
  config = tiny_config();
  config["training"]["batch_size"] = 1 << 20;
  config["training"]["shards"] = 1024;
  config["model"]["layers"][0]["filters"] = 20000;
  check_config_refused(tiny, config.dump(), "GB of memory");
}

TEST_CASE("the number of classes must be the data format's") {
  const TinyRun tiny;
  Json config = tiny_config();
  config["data"] = {{"format", "cifar10"}, {"train", {"batch.bin"}}};
  config["model"]["input"] = {{"height", 32}, {"width", 32}, {"channels", 3}};
  config["model"]["layers"][3]["units"] = 9;
  check_config_refused(tiny, config.dump(), "10 classes");
  config["model"]["layers"][3]["units"] = 10;
  config["model"]["input"]["channels"] = 1;
  check_config_refused(tiny, config.dump(), "/model/input");
}

TEST_CASE("configs with bad training or evaluation keys are refused") {
  std::vector<Case> cases = {
      {"/training/epochs", "-1"},
      {"/training/epochs", "0.5"},
      {"/training/epochs", "10000000000"},
      {"/training/seed", "-1"},
      {"/training/seed", "9223372036854775808"},
      {"/training/seed", "18446744073709551616"},
      {"/training/shards", "0"},
      {"/training/samples", "0"},
      {"/training/optimizer", "\"adam\""},
      {"/training/optimizer/type", R"("lion")"},
      {"/training/optimizer/learning_rate", "-0.001"},
      {"/training/optimizer/learning_rate", R"("fast")"},
      {"/training/optimizer/learning_rates", "1", R"(did you mean "learning_rate"?)"},
      {"/training/optimizer/beta_1", "1"},
      {"/training/optimizer/epsilon", "0"},
      {"/training/optimizer/scale_learning_rate_factor", "-1"},
      {"/training/optimizer/weight_decay", "0.1"},  // a key of adamw
      {"/training/ema_decay", "1"},
      {"/training/swa_epochs", "-1"},
      {"/training/learning_rate_schedule", R"({"type": "cosin"})", R"(did you mean "cosine"?)"},
      {"/training/learning_rate_schedule", R"({"type": "constant", "factor": 0.1})",
       "/training/learning_rate_schedule/factor"},
      {"/training/learning_rate_schedule", R"({"type": "step"})",
       "/training/learning_rate_schedule/milestones"},
      {"/training/kl/weight", "-1"},
      {"/training/kl/annealing_epochs", "-0.5"},
      {"/training/kl/wieght", "1", R"(did you mean "weight"?)"},
      {"/training/gradient_clip_norm", "-1"},
      {"/training/early_stopping", R"({"patience": -1})", "/training/early_stopping/patience"},
      {"/training/early_stopping", R"({"monitor": "loss"})", "/training/early_stopping/monitor"},
      {"/training/checkpoint_steps", "-1"},
      {"/training/epoch", "3", R"(did you mean "epochs"?)"},
      {"/evaluation/samples", "0"},
      {"/evaluation/samples", "10000000"},
      {"/evaluation/validation_samples", "\"many\""},
      {"/trainning", "{}", R"(did you mean "training"?)"},
      {"/name", "5"},
      {"/name", "\"\""},
      {"/name", "\"..\""},
      {"/name", "\"../../elsewhere\""},
      {"/name", "\"a\\u0000b\""},
      {"/name", "\"a\\nb\""},
  };
  for (const char* value : {"0", "-1", "3.9", "true", "\"10\"", "4294967297", "1e300", "null"}) {
    cases.push_back({"/training/batch_size", value});
  }
  check_cases(cases);
}

TEST_CASE("configs with bad data keys are refused") {
  check_cases({
      {"/data", ""},
      {"/data", "[]"},
      {"/data/format", ""},
      {"/data/format", R"("idxx")", R"(did you mean "idx"?)"},
      {"/data/format", R"("cifar10")", "/data/train"},
      {"/data/train", ""},
      {"/data/train", "null"},
      {"/data/train", R"("train-images")"},
      {"/data/train", R"({"images": "train-images"})", "/data/train/labels"},
      {"/data/train/images", R"("")"},
      {"/data/train/images", R"("-")"},
      {"/data/train/image", "\"x\"", R"(did you mean "images"?)"},
      {"/data/label", R"("fine")", "/data/label: belongs to format"},
      {"/data/label_bytes", "2"},
      {"/data/class_names", "5"},
      {"/data/class_names", R"(["one", "two"])"},
      {"/data/class_names", R"(["", "1", "2", "3", "4", "5", "6", "7", "8", "9"])"},
      {"/data/validation", "-1"},
      {"/data/validation", "60"},
      {"/data/validation", "1.5"},
      {"/data/validation", "1e-9"},
      {"/data/validation", R"("some")"},
      {"/data/standardize", R"("chanel")", R"(did you mean "channel"?)"},
      {"/data/standardize", R"({"mean": [0]})", "/data/standardize/std"},
      {"/data/standardize", R"({"mean": [0, 0], "std": [1, 1]})"},
      {"/data/standardize", R"({"mean": [0], "std": [0]})", "/data/standardize/std"},
      {"/data/augment", R"({"crop_padding": -1})", "/data/augment/crop_padding"},
      {"/data/augment", R"({"flip_horizontal": "yes"})", "/data/augment/flip_horizontal"},
      {"/data/augment", R"({"flip_horisontal": true})", R"(did you mean "flip_horizontal"?)"},
  });
}

TEST_CASE("early stopping without a validation split is refused") {
  const TinyRun tiny;
  Json config = tiny_config();
  config["data"]["validation"] = 0;
  config["training"]["early_stopping"] = {{"patience", 2}};
  check_config_refused(tiny, config.dump(), "/training/early_stopping/patience");
}

TEST_CASE("all unknown keys are listed at once, and many of them within 500 bytes") {
  const TinyRun tiny;
  Json config = tiny_config();
  config["model"]["layers"][0]["first_slip"] = 1;
  config["training"]["second_slip"] = 1;
  config["third_slip"] = 1;
  for (const char* pointer :
       {"/model/layers/0/first_slip", "/training/second_slip", "/third_slip"}) {
    check_config_refused(tiny, config.dump(), pointer);
  }
  for (int i = 0; i < 300; ++i) config["unknown" + std::to_string(i)] = std::string(1000, 'x');
  config[std::string(5000, 'k') + "\x1b[31m\n"] = 1;
  check_config_refused(tiny, config.dump(), "more");
}

TEST_CASE("a value of the wrong type is refused at every leaf") {
  const TinyRun tiny;
  const Json resolved = bnn::testing::parsed(tiny.train({"--print-config"}).out);
  const auto leaves = flattened(resolved);
  for (const auto& [pointer, leaf] : leaves) {
    if (leaf.is_array() || leaf.is_object() || leaf.is_null()) continue;
    for (const Json& wrong : {Json(true), Json("text"), Json(-7), Json(Json::array({3, "x"})),
                              Json({{"unknown", 1}})}) {
      const bool same_type = (leaf.is_number() && wrong.is_number()) ||
                             (leaf.is_string() && wrong.is_string()) ||
                             (leaf.is_boolean() && wrong.is_boolean());
      if (same_type) continue;
      CAPTURE(pointer, wrong.dump());
      Json config = resolved;
      at_pointer(config, pointer) = wrong;
      // An element of a list is reported as the list.
      const std::string list = parent_pointer(pointer);
      check_config_refused(tiny, config.dump(),
                           at_pointer(resolved, list).is_array() ? list : pointer);
    }
  }
}

}  // namespace bnn::testing
