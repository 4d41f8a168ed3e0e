#include "reference_text.h"

namespace bnn {
namespace {

SectionText model() {
  return {
      .title = "model",
      .places = {"model"},
      .introduction = "",
      .types = {},
      .keys = {
          {"preset",
           "A network by its name, instead of `layers`: `lenet5`, `cnn6` (3×3 convolutions "
           "32-32-64-64-128-128), `mlp` (400-400), `small`, for hundreds of images, or the "
           "residual "
           "networks `resnet20` and `resnet18`. Shape and classes come from the data. "
           "`--print-config` prints it in full."},
          {"estimator",
           "Of a preset: what its weights are. `deterministic` makes an ordinary network."},
          {"width", "Of a preset: a factor of all filters and units."},
          {"normalization",
           "Of `resnet20` and `resnet18`: the layer that follows each convolution; null: none."},
          {"input", "The shape of an image. A preset takes it from the data."},
          {"defaults",
           "Layer keys. A layer that has such a key and does not set it takes this value, as a "
           "whole. `type`, `name`, `inputs` and `reuse` cannot be defaults."},
          {"layers",
           "A directed acyclic graph. A layer reads the one before it unless `inputs` names "
           "others, and any number of layers may read one. The last layer gives the logits."},
      }};
}

SectionText input() {
  return {.title = "model.input",
          .places = {"model.input"},
          .introduction = "",
          .types = {},
          .keys = {
              {"height", "Rows of pixels."},
              {"width", "Columns of pixels."},
              {"channels", "1 for grey images, 3 for colour; any number for records and IDX."},
          }};
}

std::vector<NamedText> layer_types() {
  return {
      {"conv2d_flipout", "A Bayesian convolution, with flipout unless `estimator` says otherwise."},
      {"conv2d_reparameterization", "The same with one sample of the weights for the batch."},
      {"conv2d_local_reparameterization", "The same with sampled outputs."},
      {"conv2d", "A convolution whose weights have no posterior."},
      {"depthwise_conv2d_flipout",
       "A Bayesian depthwise convolution: each channel has kernels of its own, `depth_multiplier` "
       "of them, and no channel meets another. Output c · multiplier + m is kernel m of channel "
       "c."},
      {"depthwise_conv2d_reparameterization",
       "The same with one sample of the weights for the batch."},
      {"depthwise_conv2d_local_reparameterization", "The same with sampled outputs."},
      {"depthwise_conv2d", "A depthwise convolution whose weights have no posterior."},
      {"separable_conv2d_flipout",
       "A Bayesian depthwise convolution without a bias, then a Bayesian 1×1 convolution of its "
       "outputs. Under flipout each has signs of its own."},
      {"separable_conv2d_reparameterization",
       "The same with one sample of the weights for the batch."},
      {"separable_conv2d_local_reparameterization", "The same with sampled outputs, of both."},
      {"separable_conv2d", "A separable convolution whose weights have no posterior."},
      {"conv2d_transpose_flipout",
       "A Bayesian transposed convolution: every pixel is spread over a window of outputs, and "
       "strides enlarge the image."},
      {"conv2d_transpose_reparameterization",
       "The same with one sample of the weights for the batch."},
      {"conv2d_transpose_local_reparameterization", "The same with sampled outputs."},
      {"conv2d_transpose", "A transposed convolution whose weights have no posterior."},
      {"dense_flipout", "A Bayesian dense layer, with flipout unless `estimator` says otherwise."},
      {"dense_reparameterization", "The same with one sample of the weights for the batch."},
      {"dense_local_reparameterization", "The same with sampled outputs."},
      {"dense", "A dense layer whose weights have no posterior."},
      {"max_pooling2d", "The largest number in each window."},
      {"average_pooling2d", "The mean of each window; only cells inside the image count."},
      {"global_average_pooling2d", "The mean of each channel; the output is a vector."},
      {"zero_padding2d", "Rows and columns of zeros around the image."},
      {"upsampling2d", "The image with more rows and columns."},
      {"flatten", "The image as one vector."},
      {"activation", "A function of each number."},
      {"prelu",
       "max(0, x) + α min(0, x), with one trained α a channel (He et al., 2015). Its tensor is "
       "`<layer>/alpha`."},
      {"add", "The sum of two or more inputs of one shape."},
      {"multiply",
       "The product of two or more inputs of one shape. Beside images, a vector of their channels "
       "multiplies every pixel (squeeze-and-excitation)."},
      {"concatenate", "Two or more inputs joined along `axis`."},
      {"dropout",
       "Sets numbers to 0 at random. It stays on in predictions (Monte Carlo dropout), where each "
       "sample has its own mask."},
      {"batch_normalization",
       "Subtracts the mean of each channel and divides by its standard deviation. A training step "
       "takes both over a shard, so `training.shards` matters; predictions take running averages "
       "of them."},
      {"group_normalization",
       "The same over the pixels of each example and over the channels of a group."},
      {"filter_response_normalization",
       "Divides each channel by its root mean square over the pixels of each example; a threshold "
       "follows that is trained, `tau`."},
      {"spatial_dropout2d", "The same with whole channels."},
  };
}

std::vector<NamedText> common_keys() {
  return {
      {"name",
       "The name of the layer and of its variables: at most 128 letters, digits or any of `_ - . "
       "/`; `\"\"`: the type, then `type_1`, `type_2`, …"},
      {"inputs",
       "The layers that it reads, or `\"input\"` for the model's input; `[]`: the layer before."},
      {"trainable",
       "false: its weights are sampled and count in the KL, but do not move; batch normalisation "
       "then uses its running averages in training too."},
      {"seed",
       "Seed of the noise that each example has for itself: signs, sampled outputs, independent "
       "weights, dropout's mask. It does not change the draw that a batch shares. Layers of one "
       "seed see the same signs; null: the run's seed."},
      {"reuse",
       "true: shares the variables of the earlier layer of this name and type. Keys that describe "
       "variables are taken from that layer where they are left out. The KL counts once. Where "
       "weights are drawn, an example meets the same ones in both places of a pass. The layer "
       "itself is called `name_1`, …"},
  };
}

std::vector<NamedText> layer_keys() {
  return {
      {"data_format",
       "How an image is presented: shapes in messages, the order in which `flatten` reads it, what "
       "`axis` counts. Neighbouring layers must agree. null: as the input comes; a given value is "
       "checked."},
      {"activity_regularizer", "A penalty on an example's outputs, averaged over the batch."},
      {"filters", "Output channels."},
      {"kernel_size", "Height and width of the kernel."},
      {"strides", "Steps of the window; null: as `pool_size`."},
      {"padding",
       "`valid`: none. `same`: zeros around the image, so that stride 1 keeps its size. An odd "
       "zero stands after the image, as in TensorFlow. Pools never count padding. Of "
       "`zero_padding2d`: one number for all sides, [rows, columns] or [[top, bottom], [left, "
       "right]]."},
      {"size", "How many times as many rows and columns."},
      {"interpolation",
       "`nearest`: pixels are repeated. `bilinear`: between the centres of pixels, as Keras."},
      {"dilation_rate", "Distance of the kernel's cells; not together with strides above 1."},
      {"depth_multiplier", "Outputs of each channel."},
      {"output_padding",
       "Rows and columns that a transposed convolution adds to its smallest output, less than the "
       "strides; null: the output is the image times the strides, or with `valid` as much larger "
       "as the kernel reaches beyond it."},
      {"activation",
       "The function applied to the outputs; null and `linear`: none. `leaky_relu` has slope 0.2, "
       "`gelu` is exact."},
      {"units", "Outputs."},
      {"pool_size", "Height and width of the window."},
      {"axis", "Where to join, counted as in Keras: the batch is axis 0, −1 the last."},
      {"rate", "The probability of a 0; other numbers are divided by 1 − rate."},
      {"alpha_initializer", "First values of α."},
      {"alpha_regularizer", "A penalty on α."},
      {"alpha_constraint", "A limit of α."},
      {"use_bias", "false: no bias."},
      {"epsilon", "Added to the variance, or to the mean square."},
      {"momentum", "How much of a running average stays in each step."},
      {"groups", "How many groups of neighbouring channels; 1: all channels are one, −1: each is."},
      {"center", "false: no `beta`, which is added to each channel."},
      {"scale", "false: no `gamma`, which multiplies each channel."},
      {"threshold", "false: no `tau`, below which no output falls."},
      {"gamma_initializer", "First values of gamma."},
      {"gamma_regularizer", "A penalty on gamma."},
      {"gamma_constraint", "A limit of gamma."},
      {"beta_initializer", "First values of beta."},
      {"beta_regularizer", "A penalty on beta."},
      {"beta_constraint", "A limit of beta."},
      {"tau_initializer", "First values of tau."},
      {"tau_regularizer", "A penalty on tau."},
      {"tau_constraint", "A limit of tau."},
      {"kernel_initializer", "First values of the kernel."},
      {"kernel_regularizer", "A penalty on the kernel."},
      {"kernel_constraint", "A limit of the kernel."},
      {"depthwise_initializer", "First values of the depthwise kernel."},
      {"depthwise_regularizer", "A penalty on the depthwise kernel."},
      {"depthwise_constraint", "A limit of the depthwise kernel."},
      {"pointwise_initializer", "First values of the 1×1 kernel."},
      {"pointwise_regularizer", "A penalty on the 1×1 kernel."},
      {"pointwise_constraint", "A limit of the 1×1 kernel."},
      {"bias_initializer", "First values of the bias."},
      {"bias_regularizer", "A penalty on the bias."},
      {"bias_constraint", "A limit of the bias."},
  };
}

std::vector<NamedText> bayesian_keys() {
  return {
      {"estimator",
       "How the noise of the kernel reaches the examples of a batch. `flipout`: one draw with "
       "random signs for each example. `reparameterization`: one sample of the weights for the "
       "batch. `local_reparameterization`: the outputs are sampled. `independent`: a sample of the "
       "weights for each example, exact and slow."},
      {"kernel_posterior_fn", "The posterior of the kernel."},
      {"kernel_posterior_tensor_fn", "`mean`: the kernel has no noise, but its KL stays."},
      {"kernel_prior_fn", "The prior of the kernel; null: no KL."},
      {"kernel_divergence_fn", "How the KL of the kernel is computed; null: no KL."},
      {"depthwise_posterior_fn", "The posterior of the depthwise kernel."},
      {"depthwise_posterior_tensor_fn",
       "`mean`: the depthwise kernel has no noise, but its KL stays."},
      {"depthwise_prior_fn", "The prior of the depthwise kernel; null: no KL."},
      {"depthwise_divergence_fn", "How the KL of the depthwise kernel is computed; null: no KL."},
      {"pointwise_posterior_fn", "The posterior of the 1×1 kernel."},
      {"pointwise_posterior_tensor_fn", "`mean`: the 1×1 kernel has no noise, but its KL stays."},
      {"pointwise_prior_fn", "The prior of the 1×1 kernel; null: no KL."},
      {"pointwise_divergence_fn", "How the KL of the 1×1 kernel is computed; null: no KL."},
      {"bias_posterior_fn", "The posterior of the bias; null: no bias."},
      {"bias_posterior_tensor_fn", "`mean`: the bias has no noise, but its KL stays."},
      {"bias_prior_fn",
       "The prior of the bias; null: no KL. A prior needs a bias that is not singular."},
      {"bias_divergence_fn", "How the KL of the bias is computed; null: no KL."},
  };
}

SectionText layers() {
  SectionText section{.title = "model.layers",
                      .places = {"model.layers", "model.defaults"},
                      .introduction =
                          "Every layer names its `type`. A required key may also come from "
                          "`defaults` or, with `reuse`, from the other layer. Sizes are one number "
                          "or a pair, height first.",
                      .types = layer_types(),
                      .keys = common_keys()};
  for (const auto& more : {layer_keys(), bayesian_keys()}) {
    section.keys.insert(section.keys.end(), more.begin(), more.end());
  }
  return section;
}

SectionText posterior() {
  return {
      .title = "Posteriors",
      .places = {"*_posterior_fn"},
      .introduction =
          "`kernel_posterior_fn`, `depthwise_posterior_fn`, `pointwise_posterior_fn` and "
          "`bias_posterior_fn`. The scale is σ = 2⁻²³ + "
          "softplus(untransformed scale).",
      .types = {{"mean_field_normal", "An independent normal distribution for each weight."}},
      .keys = {
          {"preset",
           "First values of what the object leaves out. `tfp`: those of TensorFlow Probability, "
           "shown here. `r1_6`: those of TensorFlow 1.6, `glorot_uniform` for mean and "
           "untransformed scale, so that σ starts near 0.69. "
           "`he`: `he_normal` for the mean (of a bias: `zeros`) and N(−4, 0.1) for the "
           "untransformed "
           "scale, so that σ starts near 0.018; good for networks with several layers."},
          {"is_singular", "true: a point; there is no scale."},
          {"loc_initializer", "First values of the means."},
          {"loc_regularizer", "A penalty on the means."},
          {"loc_constraint", "A limit of the means."},
          {"untransformed_scale_initializer", "First values of the untransformed scales."},
          {"untransformed_scale_regularizer", "A penalty on the untransformed scales."},
          {"untransformed_scale_constraint", "A limit of the untransformed scales."},
      }};
}

SectionText prior() {
  return {.title = "Priors",
          .places = {"*_prior_fn"},
          .introduction =
              "`kernel_prior_fn`, `depthwise_prior_fn`, `pointwise_prior_fn` and "
              "`bias_prior_fn`. The name of a type alone stands for an "
              "object with "
              "all its defaults.",
          .types =
              {
                  {"normal", "A normal distribution. This is the type if none is named."},
                  {"laplace", "A Laplace distribution."},
                  {"student_t", "Student's t. Needs the divergence `monte_carlo`."},
                  {"scale_mixture_normal",
                   "A mixture of normals around 0. Needs the divergence `monte_carlo`."},
                  {"tied_normal", "A normal around the posterior's own mean."},
              },
          .keys = {
              {"loc", "The location."},
              {"scale", "The scale."},
              {"trainable",
               "true: one location and one scale are learned for each tensor (empirical Bayes); "
               "`loc` and `scale` are their first values."},
              {"df", "Degrees of freedom; the smaller, the heavier the tails."},
              {"probs", "The weight of each component; they add up to 1."},
              {"scales", "The scale of each component."},
          }};
}

SectionText divergence() {
  return {.title = "Divergences",
          .places = {"*_divergence_fn"},
          .introduction =
              "`kernel_divergence_fn`, `depthwise_divergence_fn`, `pointwise_divergence_fn` and "
              "`bias_divergence_fn`. The name of a type alone stands for an "
              "object with all its defaults.",
          .types =
              {
                  {"kl", "The closed form, for the priors normal, tied_normal and laplace."},
                  {"monte_carlo", "An unbiased estimate for any prior, with noise of its own."},
              },
          .keys = {{"samples", "Draws of the weights for the estimate in each step."}}};
}

SectionText initializer() {
  return {.title = "Initialisers",
          .places = {"*_initializer"},
          .introduction =
              "`kernel_initializer`, `depthwise_initializer`, `pointwise_initializer`, "
              "`bias_initializer`, and those inside posteriors. The name of "
              "a type "
              "alone stands for an object with all its defaults. fan_in is the product of all "
              "dimensions of a kernel but the last; fan_out is its receptive field times the last.",
          .types =
              {
                  {"random_normal", "A normal distribution."},
                  {"truncated_normal", "The same, cut at two standard deviations."},
                  {"he_normal", "A truncated normal of variance 2 / fan_in (He et al., 2015)."},
                  {"glorot_uniform",
                   "Uniform on ±√(6 / (fan_in + fan_out)) (Glorot and Bengio, 2010)."},
                  {"glorot_normal", "A truncated normal of variance 2 / (fan_in + fan_out)."},
                  {"constant", "The same number everywhere."},
                  {"zeros", "0 everywhere."},
                  {"ones", "1 everywhere."},
              },
          .keys = {
              {"mean", "The mean."},
              {"stddev", "The standard deviation, before the cut."},
              {"value", "The number."},
          }};
}

SectionText regularizer() {
  return {.title = "Regularizers",
          .places = {"*_regularizer"},
          .introduction =
              "A penalty l1 · Σ|x| + l2 · Σx², added to the loss and not divided by the number of "
              "examples.",
          .types = {},
          .keys = {{"l1", "The factor of Σ\\|x\\|."}, {"l2", "The factor of Σx²."}}};
}

SectionText constraint() {
  return {.title = "Constraints",
          .places = {"*_constraint"},
          .introduction =
              "A constraint is applied after each update. The name of a type alone stands for an "
              "object "
              "with all its defaults. Norms go over all dimensions of a variable but the "
              "last: in a depthwise kernel over all channels, in a transposed one over all "
              "outputs.",
          .types =
              {
                  {"clip", "Every number into [min, max]."},
                  {"non_neg", "Every number to at least 0."},
                  {"max_norm", "The weights into each output to a norm of at most `max`."},
                  {"unit_norm", "The weights into each output to a norm of 1."},
              },
          .keys = {{"min", "The lower limit."}, {"max", "The upper limit."}}};
}

}  // namespace

std::vector<SectionText> model_sections() {
  return {model(),      input(),       layers(),      posterior(), prior(),
          divergence(), initializer(), regularizer(), constraint()};
}

}  // namespace bnn
