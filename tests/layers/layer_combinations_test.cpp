// Keys of a layer that do not go together: those that TensorFlow refuses too, and those that would
// mean nothing. Each message says what to set.

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "bnn/config/run_config.h"
#include "support/json_document.h"
#include "support/tiny_run.h"

namespace bnn::testing {
namespace {

using Catch::Matchers::Contains;

// The tiny config with keys of its convolution replaced.
Json with_layer(const std::string& keys) {
  Json config = tiny_config();
  const Json changes = parsed(keys);
  for (const auto& [key, value] : changes.items()) config["model"]["layers"][0][key] = value;
  return config;
}

// What is wrong with a config, or "" if it makes a graph.
std::string problem_of(const Json& document) {
  try {
    make_graph(read_run_config(document, "c.json", ErrorKind::config), "c.json", ErrorKind::config);
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::config);
    return error.what();
  }
  return "";
}

// The message for these keys names the place and has the parts.
void check_problem(const std::string& keys, const std::string& place,
                   const std::vector<std::string>& parts) {
  CAPTURE(keys);
  const std::string problem = problem_of(with_layer(keys));
  CHECK_THAT(problem, Contains("/model/layers/0/" + place + ": "));
  for (const std::string& part : parts) CHECK_THAT(problem, Contains(part));
}

void check_good(const std::string& keys) {
  CAPTURE(keys);
  CHECK(problem_of(with_layer(keys)) == "");
}

// The tiny config with other layers.
Json with_layers(const std::string& layers) {
  Json config = tiny_config();
  config["model"]["layers"] = bnn::testing::parsed(layers);
  return config;
}

}  // namespace

TEST_CASE("strides and dilation rates above one exclude each other, across dimensions too") {
  check_problem(R"({"strides": [2, 1], "dilation_rate": [1, 2]})", "dilation_rate",
                {"cannot be used together", "expected 1", "found strides [2,1]", "[1,2]"});
  check_problem(R"({"strides": 2, "dilation_rate": 2})", "dilation_rate", {"found strides [2,2]"});
  check_good(R"({"strides": [2, 1], "dilation_rate": 1})");
  check_good(R"({"strides": 1, "dilation_rate": [1, 2]})");
}

TEST_CASE("a tensor without a scale has no divergence from a prior") {
  check_problem(R"({"bias_prior_fn": "normal"})", "bias_prior_fn",
                {R"(set "bias_posterior_fn": {"is_singular": false})", R"("bias_prior_fn": null)"});
  check_good(R"({"bias_prior_fn": "normal", "bias_posterior_fn": {"is_singular": false}})");
  check_good(R"({"bias_prior_fn": "normal", "bias_posterior_fn": null})");
  check_good(R"({"bias_prior_fn": "normal", "bias_divergence_fn": null})");
  const std::string singular = R"("kernel_posterior_fn": {"is_singular": true})";
  check_problem(
      R"({"estimator": "reparameterization", )" + singular + "}", "kernel_prior_fn",
      {R"(set "kernel_posterior_fn": {"is_singular": false})", R"("kernel_prior_fn": null)"});
  check_problem(R"({"type": "conv2d_reparameterization", )" + singular + "}", "kernel_prior_fn",
                {"a singular kernel has no divergence"});
  check_good(R"({"estimator": "reparameterization", "kernel_prior_fn": null, )" + singular + "}");
}

TEST_CASE("estimators other than reparameterization need a kernel with a scale") {
  for (const std::string estimator : {"flipout", "local_reparameterization", "independent"}) {
    std::string keys = R"({"kernel_posterior_fn": {"is_singular": true}, "kernel_prior_fn": null)";
    check_problem(keys.append(R"(, "estimator": ")").append(estimator).append("\"}"),
                  "kernel_posterior_fn", {R"(expected "is_singular": false, found true)"});
  }
  check_problem(R"({"estimator": "flip_out"})", "estimator",
                {R"(did you mean "flipout"?)", R"("independent")"});
  check_problem(R"({"type": "conv2d_reparameterization", "estimator": "flipout"})", "estimator",
                {"unknown key"});
}

TEST_CASE("a prior without a closed form needs the divergence by Monte Carlo") {
  const std::vector<std::string> priors = {
      R"("kernel_prior_fn": {"type": "student_t", "df": 3})",
      R"("kernel_prior_fn": {"type": "scale_mixture_normal", "probs": [1], "scales": [2]})"};
  for (const std::string& prior : priors) {
    check_problem("{" + prior + "}", "kernel_divergence_fn",
                  {"no closed form", R"(expected {"type": "monte_carlo", "samples": 1})"});
    check_good("{" + prior + R"(, "kernel_divergence_fn": "monte_carlo"})");
    check_good("{" + prior + R"(, "kernel_divergence_fn": null})");
  }
  for (const char* type : {"normal", "laplace", "tied_normal"}) {
    check_good(std::string(R"({"kernel_prior_fn": ")").append(type).append("\"}"));
  }
}

TEST_CASE("a mixture has as many probabilities as scales, and they add up to one") {
  const auto mixture = [](const std::string& probs, const std::string& scales) {
    std::string keys = R"({"kernel_divergence_fn": "monte_carlo", "kernel_prior_fn": )";
    return keys.append(R"({"type": "scale_mixture_normal", "probs": )")
        .append(probs)
        .append(", \"scales\": ")
        .append(scales)
        .append("}}");
  };
  const std::string place = "kernel_prior_fn/probs";
  check_problem(mixture("[0.5, 0.25]", "[1, 2]"), place, {"add up to 1, found 0.75"});
  check_problem(mixture("[0.5, 0.5]", "[1]"), place, {R"(as many as "scales", found 2 and 1)"});
  check_problem(mixture("[]", "[]"), place, {"at least one number, found []"});
  check_problem(mixture("[0, 1]", "[1, 2]"), place, {"a number above 0", "found [0,1]"});
  check_good(mixture("[0.1, 0.2, 0.7]", "[1, 2, 3]"));
}

TEST_CASE("bounds of a clip are in order, and numbers are such as float32 can hold") {
  const auto clip = [](const std::string& bounds) {
    std::string keys = R"({"kernel_posterior_fn": {"loc_constraint": {"type": "clip", )";
    return keys.append(bounds).append("}}}");
  };
  const std::string place = "kernel_posterior_fn/loc_constraint/";
  check_problem(clip(R"("min": 2, "max": 1)"), place + "min",
                {R"(expected at most "max", which is 1.0, found 2.0)"});
  check_problem(clip(R"("max": 1e300)"), place + "max", {"at most 1e+30", "found 1e+300"});
  check_good(clip(R"("min": 1, "max": 1)"));
  check_good(clip(R"("max": -1.6094379)"));
  check_problem(R"({"kernel_prior_fn": {"loc": 1e300}})", "kernel_prior_fn/loc", {"found 1e+300"});
  check_problem(R"({"kernel_posterior_fn": {"loc_initializer": {"type": "constant",
                    "value": -1e39}}})",
                "kernel_posterior_fn/loc_initializer/value", {"found -1e+39"});
}

TEST_CASE("one slip is reported once, without what would follow from it") {
  for (const char* keys : {R"({"kernel_posterior_fn": null})", R"({"kernel_posterior_fn": []})",
                           R"({"kernel_posterior_fn": {"type": "x"}})",
                           R"({"kernel_posterior_fn": {"is_singular": true}})",
                           R"({"kernel_posterior_fn": {"loc_initializer": null}})",
                           R"({"kernel_divergence_fn": "monte_carlo", "kernel_prior_fn":
      {"type": "scale_mixture_normal", "probs": [0.5, 0.5], "scales": [1, 1e-30]}})"}) {
    CAPTURE(keys);
    const std::string problem = problem_of(with_layer(keys));
    CHECK_THAT(problem, Contains("/model/layers/0/kernel_p"));
    CHECK_THAT(problem, !Contains("; /"));
  }
}

TEST_CASE("a misspelt default is answered with the likely key") {
  Json config = with_layer("{}");
  config["model"]["defaults"] = {{"kernal_prior_fn", nullptr}};
  CHECK_THAT(problem_of(config), Contains("/model/defaults/kernal_prior_fn: no layer has this key "
                                          "(did you mean \"kernel_prior_fn\"?)"));
}

TEST_CASE("layers that share variables name each other and agree on them") {
  check_problem(R"({"reuse": true, "name": ""})", "reuse", {R"(expected a "name")", "found none"});
  CHECK_THAT(problem_of(with_layer(R"({"reuse": true})")),
             Contains("/model/layers/0/reuse: there is no layer named"));
  const std::string first = R"([{"type": "flatten"}, {"type": "dense_flipout", "name": "d",
      "units": 64, "kernel_prior_fn": {"scale": 2}, "bias_posterior_fn": null, "seed": 3}, )";
  const std::string last = R"(, {"type": "dense", "units": 10}])";
  const auto second = [&](const std::string& layer) {
    return with_layers(std::string(first).append(layer).append(last));
  };
  for (const std::string type : {"dense_flipout", "Dense_Flipout"}) {
    CAPTURE(type);
    const Json config = second(R"({"type": ")" + type + R"(", "name": "d", "reuse": true})");
    CHECK(problem_of(config) == "");
    const Json layer =
        read_run_config(config, "c.json", ErrorKind::config).resolved["model"]["layers"][2];
    CHECK(layer.at("units") == 64);
    CHECK(layer.at("seed") == 3);
    CHECK(bnn::testing::at_pointer(layer, "/kernel_prior_fn/scale") == 2);
    CHECK(layer.at("bias_posterior_fn").is_null());
  }
  CHECK_THAT(problem_of(second(R"({"type": "dense_flipout", "name": "d", "reuse": true,
                                   "kernel_prior_fn": {"scale": 3}})")),
             Contains("/model/layers/2/reuse: ") && Contains("leave these keys out"));
  CHECK_THAT(problem_of(second(R"({"type": "dense_flipout", "name": "d", "reuse": true,
                                   "seed": 4})")),
             Contains("/model/layers/2/reuse: ") && Contains("\"seed\""));
  CHECK_THAT(
      problem_of(second(R"({"type": "dense", "name": "d", "reuse": true, "units": 64})")),
      Contains("expected a layer of the original's type, \"dense_flipout\", found \"dense\""));
}

TEST_CASE("axes, rates and formats that do not exist are refused") {
  const auto concatenated = [](const std::string& axis) {
    std::string layers = R"([{"type": "concatenate", "inputs": ["input", "input"], "axis": )";
    layers.append(axis);
    return with_layers(layers.append(R"(}, {"type": "flatten"}, {"type": "dense", "units": 10}])"));
  };
  for (const char* axis : {"-3", "-2", "-1", "1", "2", "3"}) {
    CAPTURE(axis);
    CHECK(problem_of(concatenated(axis)) == "");
  }
  CHECK_THAT(problem_of(concatenated("0")), Contains("/model/layers/0/axis: is the batch") &&
                                                Contains("expected -3 to -1 or 1 to 3, found 0"));
  CHECK_THAT(problem_of(concatenated("4")),
             Contains("/model/layers/0/axis: ") && Contains("found 4"));
  CHECK_THAT(problem_of(with_layers(R"([{"type": "flatten"}, {"type": "concatenate",
                 "inputs": ["flatten", "flatten"], "axis": 2}, {"type": "dense", "units": 10}])")),
             Contains("layer \"concatenate\"") && Contains("no axis 2"));
  CHECK_THAT(
      problem_of(with_layers(R"([{"type": "dropout", "rate": 1}])")),
      Contains("/model/layers/0/rate: expected a number of at least 0") && Contains("found 1"));
  check_problem(R"({"data_format": "channels"})", "data_format", {"\"channels_first\""});
  CHECK_THAT(problem_of(with_layer(R"({"data_format": "channels_first"})")),
             Contains("layer \"max_pooling2d\"") && Contains("data_format"));
}

TEST_CASE("the program refuses combinations with one line and exit code 3") {
  const TinyRun tiny;
  const auto refused = [&](const std::string& keys, const std::string& part) {
    CAPTURE(keys);
    check_config_refused(tiny, with_layer(keys).dump(), "/model/layers/0/" + part);
  };
  refused(R"({"strides": [2, 1], "dilation_rate": [1, 2]})", "dilation_rate: strides above 1");
  refused(R"({"bias_prior_fn": "normal"})", "bias_prior_fn: a singular bias");
  refused(R"({"kernel_prior_fn": {"type": "student_t", "df": 3}})",
          "kernel_divergence_fn: this prior has no closed");
  refused(R"({"estimator": "dropout"})", "estimator: found \"dropout\"");
  refused(R"({"type": "dropout", "rate": 1})", "rate: expected a number");
  refused(R"({"reuse": true, "name": ""})", "reuse: expected a \"name\"");
}

}  // namespace bnn::testing
