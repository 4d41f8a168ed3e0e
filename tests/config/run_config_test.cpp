#include "bnn/config/run_config.h"

#include <catch2/catch.hpp>

#include "support/json_document.h"
#include "support/tiny_run.h"

namespace bnn {
using testing::tiny_config;

namespace {

Json overridden(Json document, const std::string& assignment) {
  apply_override(document, assignment);
  return document;
}

// The message of the Error that the call throws; its kind must be as given.
template <typename Call>
std::string message_of(ErrorKind kind, const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    CHECK(error.kind() == kind);
    return error.what();
  }
  FAIL("no error");
  return "";
}

RunConfig read(const Json& document) {
  return read_run_config(document, "c.json", ErrorKind::config);
}

}  // namespace

TEST_CASE("an override sets a value below keys and list indices") {
  const Json document = bnn::testing::parsed(R"({"a": {"b": [1, {"c": 2}]}, "n": null})");
  CHECK(overridden(document, "a.b.0=5") ==
        bnn::testing::parsed(R"({"a":{"b":[5,{"c":2}]},"n":null})"));
  CHECK(overridden(document, "a.b.1.c=5") ==
        bnn::testing::parsed(R"({"a":{"b":[1,{"c":5}]},"n":null})"));
  CHECK(overridden(document, "a=1") == bnn::testing::parsed(R"({"a":1,"n":null})"));
  // Objects that are not there yet appear.
  CHECK(overridden(document, "n.x.y=true")["n"] == bnn::testing::parsed(R"({"x":{"y":true}})"));
  CHECK(overridden(document, "new=[]")["new"] == Json::array());
}

TEST_CASE("an override's value is JSON or else a string") {
  const auto value = [](const std::string& text) {
    return overridden(Json::object(), "k=" + text)["k"];
  };
  CHECK(value("3") == Json(3));
  CHECK(value("3").is_number_integer());
  CHECK(value("3e-4") == Json(3e-4));
  CHECK(value("true") == Json(true));
  CHECK(value("null").is_null());
  CHECK(value("[1, 2]") == Json({1, 2}));
  CHECK(value("{\"x\": 1}") == Json({{"x", 1}}));
  CHECK(value("\"3\"") == Json("3"));
  for (const char* text : {"relu", "", "a=b", "1.2.3", "{broken", "NaN", "-", "07"}) {
    CAPTURE(text);
    CHECK(value(text) == Json(text));
  }
}

TEST_CASE("an override that fits nothing is a usage error that quotes it") {
  const Json document = bnn::testing::parsed(R"({"list": [1, 2], "text": "x"})");
  for (const char* assignment : {"list", "=3", "list.2=1", "list.-1=1", "list.one=1", "list.0x0=1",
                                 "list.=1", "text.x=1", "list.0.x=1"}) {
    CAPTURE(assignment);
    Json copy = document;
    const std::string message =
        message_of(ErrorKind::usage, [&] { apply_override(copy, assignment); });
    CHECK(message.find("--set \"" + std::string(assignment) + "\": ") != std::string::npos);
  }
}

TEST_CASE("a run config has the documented defaults") {
  Json document = tiny_config();
  document.erase("name");
  document.erase("training");
  document.erase("evaluation");
  const RunConfig config = read(document);
  CHECK(config.training.epochs == 10);
  CHECK(config.training.batch_size == 128);
  CHECK(config.training.seed == 0);
  CHECK(config.training.shards == 8);
  CHECK(config.training.samples == 1);
  CHECK(config.training.optimizer.learning_rate == 0.001);
  CHECK(config.resolved["training"]["optimizer"] ==
        bnn::testing::parsed(
            R"({"type": "adam", "learning_rate": 0.001, "beta_1": 0.9, "beta_2": 0.999,
                        "epsilon": 1e-8, "scale_learning_rate_factor": 1.0})"));
  CHECK(config.training.kl.weight == 1.0);
  CHECK(config.training.kl.annealing_epochs == 0.0);
  CHECK(config.training.gradient_clip_norm == 0.0);
  CHECK_FALSE(config.training.average.any());
  CHECK(config.early_stopping.patience == 0);
  CHECK(config.checkpoint_steps == 0);
  CHECK(config.evaluation.samples == 32);
  CHECK(config.resolved["training"]["learning_rate_schedule"]["type"] == "constant");
}

TEST_CASE("a run config takes what the document says") {
  Json document = tiny_config();
  document["training"] = bnn::testing::parsed(R"({
    "epochs": 3, "batch_size": 17, "seed": 9223372036854775807, "shards": 4, "samples": 2,
    "optimizer": {"learning_rate": 0.5, "beta_1": 0.8, "beta_2": 0.99, "epsilon": 1e-7},
    "learning_rate_schedule": {"type": "step", "milestones": [1, 2.5], "factor": 0.3,
                               "warmup_epochs": 0.25},
    "gradient_clip_norm": 2.5, "ema_decay": 0.75, "swa_epochs": 2, "kl": {"weight": 0.1, "annealing_epochs": 4},
    "early_stopping": {"patience": 6}, "checkpoint_steps": 7
  })");
  const RunConfig config = read(document);
  CHECK(config.training.epochs == 3);
  CHECK(config.training.batch_size == 17);
  CHECK(config.training.seed == 9223372036854775807u);
  CHECK(config.training.shards == 4);
  CHECK(config.training.samples == 2);
  CHECK(config.training.optimizer.learning_rate == 0.5);
  CHECK(config.training.schedule.kind == ScheduleSpec::Kind::step);
  CHECK(config.training.schedule.milestones == std::vector<double>{1, 2.5});
  CHECK(config.training.schedule.factor == 0.3);
  CHECK(config.training.schedule.warmup_epochs == 0.25);
  CHECK(config.training.gradient_clip_norm == 2.5);
  CHECK(config.training.average.ema_decay == 0.75);
  CHECK(config.training.average.swa_epochs == 2);
  CHECK(config.training.kl.weight == 0.1);
  CHECK(config.training.kl.annealing_epochs == 4);
  CHECK(config.early_stopping.patience == 6);
  CHECK(config.checkpoint_steps == 7);
  CHECK(config.evaluation.samples == 4);
  CHECK(config.evaluation.validation_samples == 3);
}

TEST_CASE("the resolved config reads back to itself, whatever was set") {
  std::vector<Json> documents(4, tiny_config());
  documents[1]["training"]["learning_rate_schedule"] = {{"type", "cosine"},
                                                        {"final_fraction", 0.1}};
  documents[1]["data"]["class_names"] = "names.txt";
  documents[2]["training"]["learning_rate_schedule"] = {{"type", "exponential"}, {"decay", 0.5}};
  documents[2]["data"]["standardize"] = {{"mean", {0.1}}, {"std", {1.0 / 3}}};
  documents[2]["data"]["validation"] = 0.25;
  documents[3]["model"]["defaults"] = {{"activation", "tanh"}, {"kernel_prior_fn", nullptr}};
  documents[3]["model"]["layers"][3]["bias_posterior_fn"] = nullptr;
  for (const Json& document : documents) {
    const Json resolved = read(document).resolved;
    CHECK(resolved != document);
    CHECK(read(resolved).resolved == resolved);
    // Also through text, as run folders and checkpoints keep it.
    CHECK(read(bnn::testing::parsed(resolved.dump())).resolved.dump() == resolved.dump());
  }
}

TEST_CASE("everything wrong with a config is said at once, with the kind that was asked for") {
  Json document = tiny_config();
  document["training"]["epochs"] = -1;
  document["evaluation"]["sample"] = 3;
  document["modell"] = 1;
  const std::string message = message_of(
      ErrorKind::checkpoint, [&] { read_run_config(document, "c.json", ErrorKind::checkpoint); });
  CHECK(message.starts_with("c.json: "));
  for (const char* part : {"/training/epochs", "/evaluation/sample", "did you mean \"samples\"?",
                           "/modell", "did you mean \"model\"?"}) {
    CAPTURE(part);
    CHECK(message.find(part) != std::string::npos);
  }
}

TEST_CASE("the graph of a config has the classes of its data format") {
  Json document = tiny_config();
  CHECK(make_graph(read(document), "c.json", ErrorKind::config).outputs() == 10);
  document["model"]["layers"][3]["units"] = 9;  // idx has no number of its own
  CHECK(make_graph(read(document), "c.json", ErrorKind::config).outputs() == 9);
  document["data"] = {{"format", "cifar10"}, {"train", {"x"}}};
  const std::string message = message_of(
      ErrorKind::config, [&] { make_graph(read(document), "c.json", ErrorKind::config); });
  CHECK(message.starts_with("c.json: "));
  CHECK(message.find("10 classes") != std::string::npos);
}

TEST_CASE("differing_key names the first key that matters for continuing a run") {
  const Json base = read(tiny_config()).resolved;
  CHECK(differing_key(base, base).empty());
  const auto changed = [&](const std::string& pointer, const Json& value) {
    Json other = base;
    bnn::testing::at_pointer(other, pointer) = value;
    CHECK(differing_key(base, other) == differing_key(other, base));
    return differing_key(base, other);
  };
  for (const std::string pointer :
       {"/training/batch_size", "/training/seed", "/training/optimizer/beta_1", "/training/new",
        "/model/layers/0/filters", "/model/layers/0/kernel_prior_fn/scale", "/model/input/height",
        "/data/validation", "/data/format", "/data/train/images", "/data/augment/crop_padding"}) {
    CHECK(changed(pointer, "other") == pointer);
  }
  for (const std::string pointer :
       {"/name", "/evaluation/samples", "/training/epochs", "/training/checkpoint_steps",
        "/training/early_stopping/patience", "/data/directory", "/data/test",
        "/data/class_names"}) {
    CAPTURE(pointer);
    CHECK(changed(pointer, "other").empty());
  }
  Json fewer = base;
  Json& layers = fewer["model"]["layers"];
  layers.erase(layers.begin() + 2, layers.begin() + 3);
  CHECK(differing_key(base, fewer) == "/model/layers");
  // The order of keys says nothing.
  Json reordered = Json::object();
  for (const char* key : {"training", "model", "evaluation", "data", "name"}) {
    reordered[key] = base[key];
  }
  CHECK(differing_key(base, reordered).empty());
  // What a stranger's checkpoint may hold instead of a config.
  CHECK_FALSE(differing_key(Json(3), base).empty());
}

}  // namespace bnn
