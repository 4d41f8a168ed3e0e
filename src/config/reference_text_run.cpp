#include "reference_text.h"

namespace bnn {
namespace {

SectionText document() {
  return {.title = "The whole document",
          .places = {""},
          .introduction =
              "A config is one JSON object. Whole numbers must be written as such: `3.9`, `true` "
              "and `\"3\"` are refused where a count is due. Unknown and repeated keys are refused "
              "too. Words such as `\"same\"` may be written in any case.",
          .types = {},
          .keys = {
              {"$schema", "Tells an editor where the JSON Schema lies. `bnn-train` ignores it."},
              {"name", "Names the run: without `--out`, its folder is `runs/<name>`."},
              {"data", "The images: which files, and what is done to the pixels."},
              {"model", "The network."},
              {"training", "How the network is trained."},
              {"evaluation", "How many samples the programs draw."},
          }};
}

SectionText data() {
  return {
      .title = "data",
      .places = {"data"},
      .introduction =
          "[data/README.md](../data/README.md) describes the formats. File names are relative to "
          "`--data DIR` if it is given, else to `directory`.",
      .types =
          {
              {"cifar10", "CIFAR-10's binary files: a label byte, then 3,072 bytes of pixels."},
              {"cifar100", "CIFAR-100's binary files: two label bytes, then the pixels."},
              {"cifar",
               "Records of any size in that style: label bytes, then one plane of bytes a channel, "
               "in the shape of `model.input`."},
              {"idx",
               "Pairs of IDX files, as those of MNIST: images and labels, plain or "
               "gzip-compressed."},
              {"folder", "images in one sub-directory a class, resized to `model.input`."},
              {"csv",
               "tables of image files and their labels, resized to `model.input`. Names are "
               "relative to the folder of the table."},
          },
      .keys = {
          {"train", "The images to train on. `bnn-train` needs them."},
          {"test", "The images that `bnn-eval` takes by default."},
          {"label", "Which of the two labels is learned."},
          {"label_bytes", "How many label bytes precede the pixels of a record."},
          {"label_index", "Which of the label bytes is the label, counted from 0."},
          {"class_folders",
           "The sub-directories in the order of the labels; null: sorted by name. The order is "
           "recorded, so that test images must have the same sub-directories. For `csv`: the "
           "labels."},
          {"file_column", "The heading of the column of files; `\"\"`: the first column."},
          {"label_column", "The heading of the column of labels; `\"\"`: the second column."},
          {"file_suffix",
           "What is added to each name of a file: `.jpg` where a column has numbers."},
          {"directory",
           "Where the files lie, relative to the config; `\"\"`: in the config's folder. `--data` "
           "wins."},
          {"resize",
           "What happens to image files of other proportions than `model.input`: `stretch` scales "
           "height and width apart, `crop` cuts off what is too much, `pad` adds black."},
          {"class_names",
           "The names of the classes, or a text file with one name a line; null: none, or for "
           "`folder` the names of the sub-directories, for `csv` the labels."},
          {"validation",
           "How many images of `train` a seeded shuffle holds out: a count, or a fraction below 1. "
           "The KL is divided by the number of images that are left to train on."},
          {"validation_split",
           "`stratified` holds out the same share of each class. `random` does not look at "
           "classes."},
          {"standardize",
           "`channel` subtracts the mean and divides by the standard deviation of each channel, "
           "measured on the images trained on. `none` divides bytes by 255 and does no more. An "
           "object gives the numbers. Measured numbers are stored with the weights."},
          {"augment", "Random changes of the images trained on."},
      }};
}

SectionText data_files() {
  return {.title = "data.train and data.test of format idx",
          .places = {"data.train", "data.test"},
          .introduction = "",
          .types = {},
          .keys = {{"images", "The file of the images."}, {"labels", "The file of the labels."}}};
}

SectionText data_standardize() {
  return {.title = "data.standardize",
          .places = {"data.standardize"},
          .introduction =
              "One number a channel, for pixels scaled to 0 … 1: the network sees (byte / 255 − "
              "mean) / std.",
          .types = {},
          .keys = {{"mean", "What is subtracted."}, {"std", "What the difference is divided by."}}};
}

SectionText data_augment() {
  return {
      .title = "data.augment",
      .places = {"data.augment"},
      .introduction =
          "The changes depend on seed, step and image alone. They come in this order: colours, "
          "rotation, crop, flips, cutout, mixup. Rotation and crop find black pixels outside of "
          "the image. Validation and prediction see images as they are.",
      .types = {},
      .keys = {
          {"flip_horizontal", "Mirrors half of the images left to right, at random."},
          {"crop_padding",
           "Pads each side by this many black pixels and cuts out a window of the original size at "
           "a random place."},
          {"flip_vertical", "Turns half of the images upside down, at random."},
          {"rotation",
           "Turns each image about its centre by up to this many degrees, either way, with "
           "bilinear "
           "interpolation."},
          {"brightness",
           "Multiplies the pixels by a random factor, by up to this much below or above 1."},
          {"contrast",
           "Multiplies the distances of the pixels from the image's mean grey by such a factor."},
          {"saturation",
           "Multiplies the distances of the channels from the pixel's grey by such a factor. "
           "Images "
           "of one channel have none."},
          {"cutout",
           "Erases a square of this side, in pixels, around a random pixel. What is erased is 0 "
           "after standardisation, the mean. 0: none."},
          {"mixup",
           "Blends each image with another one of the training images (with balanced sampling, one "
           "of a random class), and their losses, each with its class weight. The shares come from "
           "Beta(x, x) for this x; the image itself has the larger one. 0: none. The NLL and "
           "accuracy that training reports are of the blends: an image counts as right by the "
           "share of its class."},
      }};
}

SectionText training() {
  return {
      .title = "training",
      .places = {"training"},
      .introduction =
          "The loss, in nats per example, is mean NLL + λ · KL / N + penalties. The KL is summed "
          "over all weights, and N is the number of examples trained on.",
      .types = {},
      .keys = {
          {"epochs", "Passes over the images trained on."},
          {"batch_size", "Images in one step."},
          {"seed", "Seed of everything random: split, initial values, order and noise."},
          {"shards",
           "Slices of a batch that are computed apart and summed in a fixed order. They are part "
           "of what a result means, unlike the number of threads. At most as many processes can "
           "share a training."},
          {"samples", "Draws of the weights whose gradients each step averages."},
          {"products",
           "What makes matrix products: own code, whose products are the same on every processor "
           "with AVX2 and FMA, or OpenBLAS."},
          {"sampling",
           "Which images an epoch visits: `shuffle` visits each one once. `balanced` visits as "
           "many "
           "in all, but each class equally often: those of small classes come several times."},
          {"class_weights",
           "Factors of the images' losses, one for each class; null: all 1. `balanced` takes "
           "N / (K n) for a class of n of the N training images. The mean over the images is then "
           "1. The NLL that training reports has these factors."},
          {"label_smoothing",
           "Spreads this share of each label evenly over all classes, in the loss of training "
           "alone: y (1 − a) + a / K, as in Keras. The NLL that training reports is that loss. "
           "Validation knows only the labels, and the KL does not change. Class weights are those "
           "of the label."},
          {"optimizer", "How gradients move the parameters."},
          {"learning_rate_schedule", "How the learning rate changes over the run."},
          {"gradient_clip_norm",
           "The largest norm of the gradient over all parameters; longer ones are shortened to it. "
           "0: no limit."},
          {"ema_decay",
           "Above 0, checkpoints hold an exponential moving average of means, biases and other "
           "points over the steps, with this decay; at step t at most (1 + t) / (10 + t). "
           "Validation and the choice of the best checkpoint use it."},
          {"swa_epochs",
           "Above 0, checkpoints of the last so many epochs hold the plain mean over the steps of "
           "these epochs (stochastic weight averaging), also where `ema_decay` is set."},
          {"kl", "The weight of the KL in the loss."},
          {"early_stopping", "When to stop before the last epoch. It needs `data.validation`."},
          {"posterior_from_weights",
           "With `--init-from`: posterior scales start in proportion to the weights taken over; "
           "null: as the layers say."},
          {"checkpoint_steps",
           "Saves a checkpoint after every so many steps as well; 0: after each epoch only."},
      }};
}

SectionText optimizer() {
  return {.title = "training.optimizer",
          .places = {"training.optimizer"},
          .introduction =
              "`ivon` sets the scales of posteriors from the curvature h of the loss: "
              "σ² = (λ/N) / (h + δ), where δ = (λ/N) / s² for a normal prior of scale s. It begins "
              "with the scales of `untransformed_scale_initializer`. Variables without posterior "
              "move as if their h + δ were 1: by momentum at `learning_rate`. It refuses other "
              "priors, `monte_carlo`, `kl.annealing_epochs`, a `kl.weight` of 0, "
              "`gradient_clip_norm`, and regularizers and constraints of scales.",
          .types =
              {
                  {"adam",
                   "Algorithm 1 of Kingma and Ba (2015), with bias-corrected moments and ε outside "
                   "the root. This is the type if none is named."},
                  {"adamw",
                   "Adam, and kernels shrink apart from the gradient (Loshchilov and Hutter, "
                   "2019)."},
                  {"ivon", "Variational online Newton (Shen et al., 2024)."},
                  {"sgd", "Gradient descent with momentum, as in Keras."},
              },
          .keys = {
              {"learning_rate", "The rate that the schedule starts from."},
              {"beta_1", "Decay of the mean of the gradients."},
              {"beta_2",
               "Decay of the mean of the squared gradients; `ivon`: of the curvature, where null "
               "is 1 − 2 / steps of all epochs, at least 0.9."},
              {"epsilon", "Added to the root of the second moment."},
              {"scale_learning_rate_factor",
               "What the learning rate is multiplied by for the untransformed scales of "
               "posteriors."},
              {"weight_decay",
               "Each step multiplies kernels, or the means of random ones, by "
               "1 − rate · `weight_decay`. Biases, scales and the gains of normalisation are left "
               "alone."},
              {"clip_radius",
               "The largest Newton step of a mean, before the learning rate; null: no limit."},
              {"rescale_learning_rate",
               "Multiplies the rate of means by the h + δ that the mean of "
               "`untransformed_scale_initializer` gives, so that the first steps are those of "
               "momentum at `learning_rate`."},
              {"momentum", "Decay of the velocity."},
              {"nesterov", "Whether the step looks ahead along the velocity."},
          }};
}

SectionText schedule() {
  return {
      .title = "training.learning_rate_schedule",
      .places = {"training.learning_rate_schedule"},
      .introduction =
          "A stands for `optimizer.learning_rate`, E for `epochs`, w for `warmup_epochs` and e for "
          "the epochs that are done, fractions included.",
      .types =
          {
              {"constant", "The rate stays A. This is the type if none is named."},
              {"step", "A · factorᵏ, where k milestones have passed."},
              {"cosine",
               "Falls along half a cosine from A after the warm-up to A · final_fraction at E."},
              {"exponential", "A · decay^(e − w)."},
          },
      .keys = {
          {"warmup_epochs", "The rate first rises linearly from 0 to A over this many epochs."},
          {"milestones", "Epochs after which the rate is multiplied by `factor`."},
          {"factor", "What each milestone multiplies the rate by."},
          {"final_fraction", "The last rate as a fraction of A."},
          {"decay", "What each epoch multiplies the rate by."},
      }};
}

SectionText kl() {
  return {.title = "training.kl",
          .places = {"training.kl"},
          .introduction = "",
          .types = {},
          .keys = {
              {"weight",
               "λ. 1 gives the negative evidence lower bound per example; smaller values temper "
               "the posterior."},
              {"annealing_epochs", "λ rises linearly from 0 over this many epochs; 0: no rise."},
          }};
}

SectionText early_stopping() {
  return {.title = "training.early_stopping",
          .places = {"training.early_stopping"},
          .introduction = "",
          .types = {},
          .keys = {
              {"monitor", "The number of the validation after each epoch that must improve."},
              {"patience", "Epochs without an improvement before training stops; 0: off."},
              {"min_delta", "An improvement counts if it is larger than this."},
          }};
}

SectionText posterior_from_weights() {
  return {
      .title = "training.posterior_from_weights",
      .places = {"training.posterior_from_weights"},
      .introduction =
          "This is the start of MOPED (Krishnan, Subedar and Tickoo, AAAI 2020). The prior stays "
          "as the layers say.",
      .types = {},
      .keys = {{"delta", "The scale of a weight w starts at delta · \\|w\\|, at least 10⁻⁵."}}};
}

SectionText evaluation() {
  return {.title = "evaluation",
          .places = {"evaluation"},
          .introduction = "",
          .types = {},
          .keys = {
              {"samples", "Samples of the weights in `bnn-eval` and `bnn-predict`."},
              {"validation_samples", "Samples of the weights in the validation after each epoch."},
          }};
}

}  // namespace

std::vector<SectionText> run_sections() {
  return {document(),
          data(),
          data_files(),
          data_standardize(),
          data_augment(),
          training(),
          optimizer(),
          schedule(),
          kl(),
          early_stopping(),
          posterior_from_weights(),
          evaluation()};
}

std::vector<SectionText> reference_sections() {
  std::vector<SectionText> sections = run_sections();
  const std::vector<SectionText> model = model_sections();
  sections.insert(sections.end(), model.begin(), model.end());
  return sections;
}

}  // namespace bnn
