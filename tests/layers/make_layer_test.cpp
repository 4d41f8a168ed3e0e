#include "bnn/layers/make_layer.h"

#include <catch2/catch.hpp>

#include "bnn/core/parse_json.h"
#include "bnn/layers/read_layer.h"
#include "support/layer_fixture.h"

using namespace bnn;
using namespace bnn::testing;
using Catch::Matchers::Contains;
using Catch::Matchers::Equals;

namespace {

const std::string kPlace = "config: /model/layers/3/";

// What is wrong with a layer, from its reading or from its making.
std::string problem_of(const std::string& json, const std::vector<Shape>& inputs = {{8, 8, 3}}) {
  try {
    make_layer_from(json, inputs);
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::config);
    return error.what();
  }
  return "nothing";
}

// A flipout convolution with further keys, each after a comma.
std::string conv(const std::string& more) {
  return R"({"type": "conv2d_flipout", "filters": 4, "kernel_size": 3)" + more + "}";
}

std::vector<std::string> variable_names(const std::string& json, const Shape& input) {
  std::vector<std::string> names;
  const MadeLayer made = make_layer_from(json, {input});
  for (const Variable& v : made.layout.variables()) names.push_back(v.name);
  return names;
}

Json resolved(const std::string& json) {
  const Json document = parse_json(json, "config", ErrorKind::config);
  Problems problems("config");
  ObjectReader reader(document, "", problems);
  read_layer(reader);
  reader.finish();
  problems.raise_if_any(ErrorKind::config);
  return reader.resolved();
}

}  // namespace

TEST_CASE("every layer type is made from its config and has the right shape") {
  struct Row {
    std::string json;
    std::vector<Shape> inputs;
    Shape output;
  };
  const Shape image{8, 6, 3};
  const Row rows[] = {
      {conv(R"(, "padding": "SAME", "strides": [2, 1])"), {image}, {4, 6, 4}},
      {conv(R"(, "dilation_rate": 2)"), {image}, {4, 2, 4}},
      {R"({"type": "conv2d", "filters": 2, "kernel_size": [1, 4]})", {image}, {8, 3, 2}},
      {R"({"type": "dense_flipout", "units": 7})", {flat_shape(5)}, flat_shape(7)},
      {R"({"type": "dense", "units": 1})", {flat_shape(5)}, flat_shape(1)},
      {R"({"type": "max_pooling2d", "pool_size": 2})", {image}, {4, 3, 3}},
      {R"({"type": "max_pooling2d", "pool_size": 3, "strides": 1})", {image}, {6, 4, 3}},
      {R"({"type": "average_pooling2d", "pool_size": 3, "padding": "Same"})", {image}, {3, 2, 3}},
      {R"({"type": "average_pooling2d", "pool_size": [2, 3], "strides": null})",
       {image},
       {4, 2, 3}},
      {R"({"type": "global_average_pooling2d"})", {image}, flat_shape(3)},
      {R"({"type": "flatten"})", {image}, flat_shape(144)},
      {R"({"type": "activation", "activation": "selu"})", {image}, image},
      {R"({"type": "batch_normalization"})", {image}, image},
      {R"({"type": "group_normalization", "groups": 3})", {image}, image},
      {R"({"type": "filter_response_normalization"})", {image}, image},
      {R"({"type": "conv2d_reparameterization", "filters": 4, "kernel_size": 3})",
       {image},
       {6, 4, 4}},
      {R"({"type": "conv2d_local_reparameterization", "filters": 4, "kernel_size": 3})",
       {image},
       {6, 4, 4}},
      {R"({"type": "dense_reparameterization", "units": 7})", {flat_shape(5)}, flat_shape(7)},
      {R"({"type": "dense_local_reparameterization", "units": 7})", {flat_shape(5)}, flat_shape(7)},
      {R"({"type": "depthwise_conv2d_flipout", "kernel_size": 3, "depth_multiplier": 2})",
       {image},
       {6, 4, 6}},
      {R"({"type": "depthwise_conv2d_reparameterization", "kernel_size": 3, "strides": 2})",
       {image},
       {3, 2, 3}},
      {R"({"type": "depthwise_conv2d_local_reparameterization", "kernel_size": [1, 2]})",
       {image},
       {8, 5, 3}},
      {R"({"type": "depthwise_conv2d", "kernel_size": 3, "padding": "same"})", {image}, image},
      {R"({"type": "separable_conv2d_flipout", "filters": 4, "kernel_size": 3})",
       {image},
       {6, 4, 4}},
      {R"({"type": "separable_conv2d_reparameterization", "filters": 4, "kernel_size": 3})",
       {image},
       {6, 4, 4}},
      {R"({"type": "separable_conv2d_local_reparameterization", "filters": 4, "kernel_size": 3})",
       {image},
       {6, 4, 4}},
      {R"({"type": "separable_conv2d", "filters": 4, "kernel_size": 3, "depth_multiplier": 5})",
       {image},
       {6, 4, 4}},
      {R"({"type": "conv2d_transpose_flipout", "filters": 4, "kernel_size": 3})",
       {image},
       {10, 8, 4}},
      {R"({"type": "conv2d_transpose_reparameterization", "filters": 4, "kernel_size": 3,
           "strides": 2, "padding": "same"})",
       {image},
       {16, 12, 4}},
      {R"({"type": "conv2d_transpose_local_reparameterization", "filters": 4, "kernel_size": 3,
           "strides": 2})",
       {image},
       {17, 13, 4}},
      {R"({"type": "conv2d_transpose", "filters": 4, "kernel_size": 3, "strides": 2,
           "padding": "same", "output_padding": [0, 1]})",
       {image},
       {15, 12, 4}},
      {R"({"type": "dropout", "rate": 0.5})", {image}, image},
      {R"({"type": "spatial_dropout2d", "rate": 0.5})", {image}, image},
      {R"({"type": "zero_padding2d", "padding": [[1, 2], [0, 4]]})", {image}, {11, 10, 3}},
      {R"({"type": "zero_padding2d"})", {image}, {10, 8, 3}},
      {R"({"type": "upsampling2d", "size": [3, 2]})", {image}, {24, 12, 3}},
      {R"({"type": "upsampling2d"})", {image}, {16, 12, 3}},
      {R"({"type": "prelu"})", {image}, image},
      {R"({"type": "multiply"})", {flat_shape(3), image}, image},
      {R"({"type": "concatenate"})", {image, {8, 6, 2}}, {8, 6, 5}},
      {R"({"type": "add"})", {image, image}, image}};
  std::vector<std::string> seen;
  for (const Row& row : rows) {
    INFO(row.json);
    CHECK(make_layer_from(row.json, row.inputs).layer->output_shape() == row.output);
    seen.push_back(read_layer_text(row.json).type);
  }
  for (const std::string& type : layer_types()) {
    INFO(type);
    CHECK(std::find(seen.begin(), seen.end(), type) != seen.end());
  }
}

TEST_CASE("a layer declares the variables of the checkpoint format") {
  using Names = std::vector<std::string>;
  const Shape image{8, 8, 3};
  CHECK(variable_names(conv(""), image) == Names{"layer/kernel_posterior_loc",
                                                 "layer/kernel_posterior_untransformed_scale",
                                                 "layer/bias_posterior_loc"});
  CHECK(variable_names(conv(kSampledBias), image) ==
        Names{"layer/kernel_posterior_loc", "layer/kernel_posterior_untransformed_scale",
              "layer/bias_posterior_loc", "layer/bias_posterior_untransformed_scale"});
  CHECK(variable_names(conv(R"(, "bias_posterior_fn": null)"), image) ==
        Names{"layer/kernel_posterior_loc", "layer/kernel_posterior_untransformed_scale"});
  CHECK(variable_names(R"({"type": "dense", "units": 2})", flat_shape(3)) ==
        Names{"layer/kernel", "layer/bias"});
  CHECK(variable_names(R"({"type": "dense", "units": 2, "use_bias": false})", flat_shape(3)) ==
        Names{"layer/kernel"});
  const MadeLayer made = make_layer_from(conv(""), {image});
  CHECK(made.layout.variables()[1].shape == std::vector<std::int64_t>{3, 3, 3, 4});
  CHECK(made.layout.variables()[2].shape == std::vector<std::int64_t>{4});
  CHECK(make_layer_from(R"({"type": "dense", "units": 2})", {flat_shape(3)})
            .layout.variables()[0]
            .shape == std::vector<std::int64_t>{3, 2});
}

TEST_CASE("the defaults of a flipout layer are those of TensorFlow Probability") {
  const MadeLayer made = make_layer_from(conv(kSampledBias), {{8, 8, 3}});
  for (const Variable& v : made.layout.variables()) {
    INFO(v.name);
    CHECK(v.initializer.kind == Initializer::Kind::random_normal);
    CHECK(v.initializer.a == (v.name.find("scale") == std::string::npos ? 0.0 : -3.0));
    CHECK(v.initializer.b == 0.1);
    CHECK(v.trainable);
  }
  const auto& tensors = made.layout.random_tensors();
  REQUIRE(tensors.size() == 2);
  REQUIRE(tensors[0].prior);
  CHECK((tensors[0].prior->loc == 0.0 && tensors[0].prior->scale == 1.0));
  CHECK(!tensors[1].prior);
}

TEST_CASE("priors, divergences and initialisers reach the layout") {
  const std::string sampled = R"(, "bias_posterior_fn": {"is_singular": false})";
  const auto tensors = [](const std::string& more) {
    return make_layer_from(conv(more), {{8, 8, 3}}).layout.random_tensors();
  };
  const auto prior = tensors(R"(, "kernel_prior_fn": {"type": "normal", "loc": 2, "scale": 0.5})");
  CHECK((prior[0].prior->loc == 2.0 && prior[0].prior->scale == 0.5));
  CHECK(!tensors(R"(, "kernel_prior_fn": null)")[0].prior);
  CHECK(!tensors(R"(, "kernel_divergence_fn": null)")[0].prior);
  CHECK(tensors(sampled + R"(, "bias_prior_fn": {"scale": 3})")[1].prior->scale == 3.0);
  CHECK(!tensors(sampled + R"(, "bias_prior_fn": {}, "bias_divergence_fn": null)")[1].prior);
  const auto layout = make_layer_from(conv(R"(, "trainable": false, "kernel_posterior_fn":
      {"loc_initializer": "he_normal", "untransformed_scale_initializer":
       {"type": "constant", "value": -5}})"),
                                      {{8, 8, 3}})
                          .layout;
  CHECK(layout.variables()[0].initializer.kind == Initializer::Kind::he_normal);
  CHECK(layout.variables()[1].initializer.kind == Initializer::Kind::constant);
  CHECK(layout.variables()[1].initializer.a == -5.0);
  CHECK(!layout.variables()[0].trainable);
}

TEST_CASE("unknown keys are named with their place and the likely meaning") {
  const auto unknown = [](const std::string& key, const std::string& meant) {
    return kPlace + key + ": unknown key (did you mean \"" + meant + "\"?)";
  };
  CHECK_THAT(problem_of(conv(R"(, "kernal_prior_fn": null)")),
             Equals(unknown("kernal_prior_fn", "kernel_prior_fn")));
  CHECK_THAT(problem_of(conv(R"(, "stride": 2)")), Equals(unknown("stride", "strides")));
  CHECK_THAT(problem_of(conv(R"(, "kernel_posterior_fn": {"is_singlar": false})")),
             Equals(unknown("kernel_posterior_fn/is_singlar", "is_singular")));
  CHECK_THAT(problem_of(R"({"type": "max_pooling2d", "pool_sise": 2, "pool_size": 2})"),
             Equals(unknown("pool_sise", "pool_size")));
  // A key of another layer type is as unknown as any.
  CHECK_THAT(problem_of(R"({"type": "flatten", "units": 3})"),
             Equals(kPlace + "units: unknown key"));
  const std::string both = problem_of(conv(R"(, "stride": 2, "zzz": 1)"));
  CHECK_THAT(both, Contains("/stride: unknown") && Contains("/zzz: unknown"));
}

TEST_CASE("types and words that do not exist are refused with the likely one") {
  CHECK_THAT(
      problem_of(R"({"type": "flaten"})"),
      Contains(kPlace + "type: found \"flaten\" (did you mean \"flatten\"?); expected one of"));
  // The keys are those of the likely type, and no problem of their own.
  const std::string dense = problem_of(R"({"type": "dense_flipot", "units": 4, "unit": 5})");
  CHECK_THAT(dense, Contains("/unit: unknown key (did you mean \"units\"?)") &&
                        !Contains("filters") && !Contains("/units:"));
  CHECK_THAT(problem_of("{}"), Contains(kPlace + "type: missing"));
  CHECK_THAT(problem_of(conv(R"(, "activation": "rellu")")),
             Contains(kPlace + "activation: ") && Contains("did you mean \"relu\"?"));
  CHECK_THAT(problem_of(conv(R"(, "padding": "causal")")),
             Contains(kPlace + "padding: ") && Contains("\"valid\", \"same\""));
  CHECK_THAT(problem_of(conv(R"(, "kernel_prior_fn": {"type": "cauchy"})")),
             Contains(kPlace + "kernel_prior_fn/type: "));
  CHECK_THAT(problem_of(R"({"type": "conv2d", "filters": 1, "kernel_size": 1,
                            "kernel_initializer": "he_normall"})"),
             Contains(kPlace + "kernel_initializer: ") && Contains("\"he_normal\""));
}

TEST_CASE("names hold only what may stand in the name of a tensor") {
  const auto problem_of_name = [](const std::string& name) {
    return problem_of(R"({"type": "flatten", "name": ")" + name + "\"}");
  };
  CHECK(problem_of_name("block_1/conv-2.b") == "nothing");
  CHECK(problem_of_name(std::string(128, 'a')) == "nothing");
  for (const std::string& bad :
       {std::string(129, 'a'), std::string("a b"), std::string("\\n"), std::string("\xc3\xa4")}) {
    CHECK_THAT(problem_of_name(bad), Contains(kPlace + "name: expected at most 128 letters"));
  }
  CHECK_THAT(problem_of_name("optimizer/a"), Contains(kPlace + "name: names that begin with"));
}

TEST_CASE("numbers that are not positive integers of 32 bits are refused") {
  for (const std::string bad : {"4294967297", "2147483648", "3.9", "true", "0", "-1", "1e2",
                                "\"8\"", "null", "[4]", "{}"}) {
    INFO(bad);
    CHECK_THAT(problem_of(R"({"type": "conv2d", "kernel_size": 3, "filters": )" + bad + "}"),
               Contains(kPlace + "filters: expected an integer from 1 to 2147483647, found"));
    CHECK_THAT(problem_of(R"({"type": "dense_flipout", "units": )" + bad + "}", {flat_shape(3)}),
               Contains(kPlace + "units: expected an integer"));
  }
  for (const std::string bad :
       {"[3]", "[3, 3, 3]", "[3, 0]", "[3, true]", "[3, 4294967297]", "\"3\"", "0", "2.5"}) {
    INFO(bad);
    for (const std::string key : {"strides", "dilation_rate"}) {
      CHECK_THAT(problem_of(conv(", \"" + key + "\": " + bad)),
                 Contains(kPlace + key + ": expected an integer"));
    }
    CHECK_THAT(problem_of(R"({"type": "max_pooling2d", "pool_size": )" + bad + "}"),
               Contains(kPlace + "pool_size: expected an integer"));
  }
  CHECK_THAT(problem_of(R"({"type": "conv2d"})"),
             Contains(kPlace + "filters: missing") && Contains("kernel_size: missing"));
  for (const std::string scale : {"0", "-1", "1e300", "\"1\"", "null"}) {
    CHECK_THAT(problem_of(conv(R"(, "kernel_prior_fn": {"scale": )" + scale + "}")),
               Contains(kPlace + "kernel_prior_fn/scale: expected a number"));
  }
}

TEST_CASE("strides and dilation rates above one exclude each other across dimensions") {
  const std::string sentence =
      kPlace +
      "dilation_rate: strides above 1 and dilation rates above 1 cannot be used together; expected "
      "1 for one of them, found strides ";
  CHECK(problem_of(conv(R"(, "strides": 2, "dilation_rate": 2)")) ==
        sentence + "[2,2] and dilation rates [2,2]");
  CHECK(problem_of(conv(R"(, "strides": [2, 1], "dilation_rate": [1, 2])")) ==
        sentence + "[2,1] and dilation rates [1,2]");
  CHECK(problem_of(conv(R"(, "strides": [1, 1], "dilation_rate": [1, 2])")) == "nothing");
  CHECK(problem_of(conv(R"(, "strides": [1, 2], "dilation_rate": [1, 1])")) == "nothing");
}

TEST_CASE("posteriors that leave nothing to flip or to measure are refused with what to set") {
  CHECK_THAT(problem_of(conv(R"(, "kernel_posterior_fn": {"is_singular": true})")),
             Contains(kPlace + "kernel_posterior_fn: ") && Contains("\"is_singular\": false"));
  CHECK_THAT(problem_of(conv(R"(, "bias_prior_fn": {"type": "normal"})")),
             Contains(kPlace + "bias_prior_fn: ") &&
                 Contains("set \"bias_posterior_fn\": {\"is_singular\": false}"));
  const std::string sampled =
      R"(, "bias_prior_fn": {}, "bias_posterior_fn": {"is_singular": false})";
  CHECK(problem_of(conv(sampled)) == "nothing");
  CHECK(problem_of(conv(R"(, "bias_prior_fn": {}, "bias_divergence_fn": null)")) == "nothing");
  CHECK(problem_of(conv(R"(, "bias_prior_fn": {}, "bias_posterior_fn": null)")) == "nothing");
}

TEST_CASE("shapes that do not fit are refused when the layer is made") {
  CHECK_THAT(problem_of(conv(""), {{2, 8, 3}}), Contains("window of height 3 does not fit"));
  CHECK_THAT(problem_of(conv(""), {flat_shape(12)}),
             Equals("this layer reads an image, but its input is a vector of 12"));
  for (const std::string type :
       {"max_pooling2d\", \"pool_size\": 1, \"name\": \"p", "global_average_pooling2d"}) {
    CHECK_THAT(problem_of("{\"type\": \"" + type + "\"}", {flat_shape(12)}),
               Contains("reads an image"));
  }
  CHECK_THAT(problem_of(R"({"type": "dense", "units": 2})", {{4, 4, 3}}),
             Contains("its input is 4 x 4 x 3") && Contains("flatten"));
  CHECK_THAT(problem_of(R"({"type": "add"})", {{4, 4, 3}}),
             Equals("expected two or more layers in \"inputs\", found 1"));
  CHECK_THAT(problem_of(R"({"type": "flatten"})", {{4, 4, 3}, {4, 4, 3}}),
             Equals("expected one input, found 2"));
  CHECK_THAT(problem_of(R"({"type": "conv2d", "filters": 2147483647, "kernel_size": 3})"),
             Contains("too large"));
}

TEST_CASE("the resolved layer has every default filled in and reads as itself") {
  const Json full = resolved(conv(R"(, "padding": "SAME", "activation": null)"));
  CHECK(full["padding"] == "same");
  CHECK(full["activation"].is_null());
  CHECK(full["strides"] == Json({1, 1}));
  CHECK(full["kernel_size"] == Json({3, 3}));
  CHECK(full["kernel_prior_fn"]["scale"] == 1.0);
  CHECK(full["bias_prior_fn"].is_null());
  CHECK(full["kernel_posterior_fn"]["untransformed_scale_initializer"]["mean"] == -3.0);
  const std::string layers[] = {
      full.dump(),
      R"({"type": "dense", "units": 3, "activation": "gelu"})",
      conv(R"(, "bias_posterior_fn": null, "kernel_divergence_fn": null)"),
      R"({"type": "max_pooling2d", "pool_size": [2, 3]})",
      R"({"type": "activation"})",
      R"({"type": "add", "inputs": ["a", "b"], "name": "sum"})"};
  for (const std::string& layer : layers) {
    INFO(layer);
    CHECK(resolved(resolved(layer).dump()) == resolved(layer));
  }
}
