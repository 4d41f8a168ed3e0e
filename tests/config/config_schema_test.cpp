// The schema of configs against configs: those that the parser takes and those that it refuses.

#include <filesystem>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "bnn/config/model_preset.h"
#include "bnn/config/run_config.h"
#include "support/json_document.h"
#include "support/places.h"
#include "support/schema_check.h"
#include "support/tiny_run.h"

namespace bnn::testing {
namespace {

bool parser_accepts(const Json& document) {
  try {
    read_run_config(document, "c.json", ErrorKind::config);
  } catch (const Error&) {
    return false;
  }
  return true;
}

Json resolved(const Json& document) {
  return read_run_config(document, "c.json", ErrorKind::config).resolved;
}

// The configs that come with the programs.
std::vector<std::string> config_paths() {
  std::vector<std::string> paths;
  const std::filesystem::path folder =
      std::filesystem::path(bnn::testing::source_directory()) / "configs";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".json") paths.push_back(entry.path());
  }
  return paths;
}

// One of each data format with one place changed.
void check_refused_by_both(const std::string& pointer, const Json& value) {
  static const SchemaCheck check(run_config_schema());
  for (const std::string name : {"cifar10-conv5x5.json", "fashion-mnist-lenet5.json"}) {
    CAPTURE(name, pointer, value.dump());
    Json document = load_config_document(bnn::testing::source_directory() + "/configs/" + name);
    bnn::testing::at_pointer(document, pointer) = value;
    CHECK_FALSE(parser_accepts(document));
    CHECK_FALSE(check.accepts(document));
  }
}

// A config with everything that can be said outside the model.
Json full_config() {
  Json config = tiny_config();
  config["data"]["validation"] = 0.25;
  config["data"]["class_names"] = {"a", "b"};
  config["data"]["standardize"] = {{"mean", {0.5}}, {"std", {0.25}}};
  config["training"]["learning_rate_schedule"] = {{"type", "step"}, {"milestones", {1, 2.5}}};
  config["training"]["early_stopping"] = {{"patience", 3}, {"min_delta", 0.01}};
  config["training"]["posterior_from_weights"] = {{"delta", 0.2}};
  return resolved(config);
}

}  // namespace

TEST_CASE("the configs that come with the programs satisfy the schema, resolved ones too") {
  const SchemaCheck check(run_config_schema());
  REQUIRE(config_paths().size() >= 3);
  for (const std::string& path : config_paths()) {
    CAPTURE(path);
    Json document = load_config_document(path);
    CHECK(check.fault(document) == "");
    if (has_preset(document)) {
      document["model"] = expand_preset(document.at("model"), {32, 32, 3}, 10, path);
    }
    CHECK(check.fault(resolved(document)) == "");
  }
  CHECK(check.fault(full_config()) == "");
}

TEST_CASE("unknown keys, wrong types and numbers out of range violate the schema") {
  check_refused_by_both("/trainning", Json::object());
  check_refused_by_both("/training/epoch", 3);
  check_refused_by_both("/training/optimizer/learning_rates", 1);
  check_refused_by_both("/data/augment", {{"flip", true}});
  check_refused_by_both("/model/layer", Json::array());
  check_refused_by_both("/training/epochs", "3");
  check_refused_by_both("/training/epochs", 0.5);
  check_refused_by_both("/training/optimizer", "adam");
  check_refused_by_both("/data/standardize", true);
  check_refused_by_both("/evaluation", 3);
  check_refused_by_both("/training/batch_size", 0);
  check_refused_by_both("/training/optimizer/learning_rate", -0.001);
  check_refused_by_both("/training/optimizer/beta_1", 1);
  check_refused_by_both("/training/kl/weight", 1e10);
  check_refused_by_both("/evaluation/samples", 65537);
  check_refused_by_both("/data/format", "mnist");
  check_refused_by_both("/name", "a/b");
  check_refused_by_both("/name", "a\nb");
  check_refused_by_both("/name", "a\x7f");
}

TEST_CASE("the schema and the parser agree on whatever stands at a leaf of a config") {
  const SchemaCheck check(run_config_schema());
  const Json config = full_config();
  const std::vector<Json> values = {nullptr,
                                    true,
                                    "text",
                                    "",
                                    -7,
                                    0,
                                    7,
                                    0.5,
                                    1e30,
                                    Json::array({3}),
                                    Json::array({3, "x"}),
                                    Json::object(),
                                    {{"unknown", 1}}};
  int compared = 0;
  const auto leaves = bnn::testing::flattened(config);
  for (const auto& [pointer, leaf] : leaves) {
    for (const Json& value : values) {
      CAPTURE(pointer, value.dump());
      Json changed = config;
      bnn::testing::at_pointer(changed, pointer) = value;
      const bool accepted = parser_accepts(changed);
      const std::string fault = check.fault(changed);
      if (accepted) CHECK(fault == "");
      // What a schema cannot say: rules that tie keys together.
      const bool tied = pointer == "/data/validation" || pointer.starts_with("/model/");
      if (!accepted && !tied) CHECK(fault != "");
      ++compared;
    }
  }
  CHECK(compared > 500);
}

TEST_CASE("each data format has keys of its own, in the schema as in the parser") {
  const SchemaCheck check(run_config_schema());
  const auto agree = [&](const std::string& data, bool expected) {
    CAPTURE(data);
    Json config = tiny_config();
    config["data"] = bnn::testing::parsed(data);
    CHECK(parser_accepts(config) == expected);
    CHECK(check.accepts(config) == expected);
  };
  const auto with = [](const std::string& format, const std::string& rest) {
    std::string text = R"({"format": ")";
    return text.append(format).append("\"").append(rest).append("}");
  };
  const std::string label = R"(, "label": "coarse")";
  const std::string bytes = R"(, "label_bytes": 16, "label_index": 15)";
  const std::string list = R"(, "train": ["a", "b"], "test": "c")";
  const std::string pair = R"(, "train": {"images": "a", "labels": "b"}, "test": null)";
  for (const std::string format : {"cifar10", "cifar100", "cifar", "CIFAR10", "idx", "Idx"}) {
    const bool is_idx = format == "idx" || format == "Idx";
    agree(with(format, ""), true);
    agree(with(format, label), format == "cifar100");
    agree(with(format, bytes), format == "cifar");
    agree(with(format, list), !is_idx);
    agree(with(format, pair), is_idx);
  }
  for (const char* train : {R"(["a", "a"])", R"(["-"])", R"([""])", "\"\"", "\"-\"", "3"}) {
    agree(with("cifar10", std::string(R"(, "train": )") + train), false);
  }
  agree(R"({"format": "idx", "train": {"images": "a"}})", false);
  agree(R"({"format": "idx", "train": {"images": "a", "labels": ""}})", false);
  agree("{}", false);
  agree("null", false);
}

TEST_CASE("validation, class names and standardisation have several forms") {
  const SchemaCheck check(run_config_schema());
  const auto agree = [&](const std::string& key, const std::string& value, bool expected) {
    CAPTURE(key, value);
    Json config = tiny_config();
    config["data"][key] = bnn::testing::parsed(value);
    CHECK(parser_accepts(config) == expected);
    CHECK(check.accepts(config) == expected);
  };
  for (const char* value : {"0", "4294967295", "0.5", "0.0"}) agree("validation", value, true);
  for (const char* value : {"4294967296", "1.5", "-1", "-0.5", "null", "\"1\""}) {
    agree("validation", value, false);
  }
  for (const char* value : {"null", "\"names\"", "[\"a\"]", "[]"}) {
    agree("class_names", value, true);
  }
  for (const char* value : {"\"\"", "\"-\"", "[\"\"]", "3", "[3]"}) {
    agree("class_names", value, false);
  }
  for (const char* value : {"\"none\"", "\"Channel\"", R"({"mean": [0], "std": [1]})"}) {
    agree("standardize", value, true);
  }
  for (const char* value : {"null", "\"\"", R"({"mean": [0]})", R"({"mean": [0], "std": [0]})"}) {
    agree("standardize", value, false);
  }
}

TEST_CASE("each learning rate schedule has keys of its own") {
  const SchemaCheck check(run_config_schema());
  const auto agree = [&](const std::string& schedule, bool expected) {
    CAPTURE(schedule);
    Json config = tiny_config();
    config["training"]["learning_rate_schedule"] = bnn::testing::parsed(schedule);
    CHECK(parser_accepts(config) == expected);
    CHECK(check.accepts(config) == expected);
  };
  for (const char* schedule :
       {"{}", R"({"warmup_epochs": 1})", R"({"type": "COSINE", "final_fraction": 0})",
        R"({"type": "step", "milestones": [1], "factor": 1})", R"({"type": "exponential"})"}) {
    agree(schedule, true);
  }
  for (const char* schedule : {"\"cosine\"", "null", "3", R"({"final_fraction": 0})",
                               R"({"type": "step"})", R"({"type": "cosine", "decay": 1})",
                               R"({"type": "linear"})", R"({"type": "exponential", "decay": 0})"}) {
    agree(schedule, false);
  }
}

TEST_CASE("the schema is one of draft 2020-12 and names what must be there") {
  const Json schema = run_config_schema();
  CHECK(schema["$schema"] == "https://json-schema.org/draft/2020-12/schema");
  CHECK(schema["title"].is_string());
  CHECK(schema["additionalProperties"] == false);
  CHECK(schema["properties"]["training"].dump().find("\"default\":128") != std::string::npos);
  bool needs_data = false;
  for (const Json& key : schema["required"]) needs_data = needs_data || key == "data";
  CHECK(needs_data);
}

TEST_CASE("a config may name its schema, which means nothing to a run") {
  Json document = tiny_config();
  const Json plain = resolved(document);
  CHECK_FALSE(plain.contains("$schema"));
  document["$schema"] = "../bnn.schema.json";
  const Json with_schema = resolved(document);
  CHECK(with_schema["$schema"] == "../bnn.schema.json");
  CHECK(resolved(with_schema).dump() == with_schema.dump());
  CHECK(differing_key(plain, with_schema).empty());
  CHECK(SchemaCheck(run_config_schema()).fault(with_schema) == "");
  document["$schema"] = 3;
  CHECK_FALSE(parser_accepts(document));
  CHECK_FALSE(SchemaCheck(run_config_schema()).accepts(document));
}

TEST_CASE("the option --print-schema prints the schema and needs no config") {
  const ProgramRun run = run_program("bnn-train", {"--print-schema"});
  CHECK(run.exit_code == 0);
  CHECK(run.err.empty());
  CHECK(run.out == run_config_schema().dump(2) + "\n");
}

}  // namespace bnn::testing
