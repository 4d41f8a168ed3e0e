#include "bnn/training/starter.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fmt/format.h>
#include <string_view>

#include "bnn/core/display_text.h"
#include "bnn/core/input_file.h"
#include "bnn/data/class_balance.h"
#include "starter_network.h"

namespace bnn {
namespace {

// Of the KL: N / 20000 for N images, at most 0.05. The fewer images, the more the KL weighs against
// each of them, and the less confident the network is.
constexpr double kImagesOfFullKl = 20000, kMaxKlWeight = 0.05;

// Folders have names that a run can have, except "." and "..".
std::string run_name(const std::string& directory) {
  const std::filesystem::path path = std::filesystem::absolute(directory).lexically_normal();
  const std::string name =
      path.has_filename() ? path.filename().string() : path.parent_path().filename().string();
  return name.empty() ? "run" : plain_text(name);
}

// A word as a shell reads it.
std::string shell_word(const std::string& text) {
  const bool is_plain = std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c >= 0x80 ||
           std::string_view("._-/,+@%=").find(static_cast<char>(c)) != std::string_view::npos;
  });
  if (is_plain && !text.empty()) return text;
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? "'\\''" : std::string(1, c);
  return quoted + "'";
}

std::string commands(const StarterData& data, const std::string& name) {
  const bool has_test = data.data.contains("test");
  // Beside the folders of classes, another folder would be taken for one.
  const bool is_here =
      data.data.value_or("train") == Json(".") && is_same_file(data.directory, ".");
  const std::string folder = (is_here ? "../runs/" : "runs/") + name;
  return fmt::format(
      "Save it (bnn-train --init … > {0}), then:\n"
      "  bnn-train --config {0} --data {1} --out {2}{6}\n"
      "  bnn-eval {3} --data {1}{4}{6} --report {5}\n"
      "  bnn-predict {3} IMAGE…",
      shell_word(name + ".json"), shell_word(data.directory), shell_word(folder),
      shell_word(folder + "/checkpoints/best.safetensors"), has_test ? "" : " --split validation",
      shell_word(name + ".html"), data.broken.empty() ? "" : " --skip-errors");
}

void describe(const StarterData& data, RunLog& log) {
  log.info(fmt::format("{}: {} images to train on, {} classes, {}, {}", shown_path(data.directory),
                       data.images, data.class_counts.size(), data.sizes,
                       data.shape.channels == 1 ? "grey" : "colour"));
  log.info(class_counts_text(data.class_counts, data.class_names));
  if (const auto warning = imbalance_warning(data.class_counts, data.class_names)) {
    log.warning(*warning);
  }
  for (const std::string& sentence : data.broken) log.warning(sentence);
  if (!data.broken.empty()) {
    log.warning(
        fmt::format("{} of {} images cannot be decoded; mend or remove them, or train with "
                    "--skip-errors",
                    data.broken.size(), data.images));
  }
  if (!data.unused.empty()) {
    const Json both = {data.data.at("train"), data.unused};
    log.warning(
        fmt::format("folder {} is left out, since a part of the training images is held "
                    "out; \"train\": {} trains on it as well",
                    shown_path(data.unused), json_text(both)));
  }
  if (!data.data.contains("test")) {
    log.info("no test images were found; the images that are held out take their place");
  }
}

}  // namespace

Json starter_config(const StarterData& data) {
  const double validation = held_out_share(data);
  const double kl_weight =
      std::min(kMaxKlWeight, static_cast<double>(data.images) * (1 - validation) / kImagesOfFullKl);
  const StarterNetwork network = choose_network(data);
  Json config;
  config["name"] = run_name(data.directory);
  config["data"] = data.data;
  config["data"]["validation"] = validation;
  if (data.shape.channels == 3) {
    config["data"]["augment"] = {{"flip_horizontal", true},
                                 {"crop_padding", std::max(1, data.shape.height / 8)}};
  }
  config["model"] = network.model;
  config["training"] = {{"epochs", network.epochs},
                        {"batch_size", network.batch_size},
                        {"learning_rate_schedule", {{"type", "cosine"}}},
                        {"kl", {{"weight", std::round(kl_weight * 1e5) / 1e5}}}};
  return config;
}

int write_starter(const std::vector<std::string>& paths, Verbosity verbosity) {
  RunLog log("bnn-train", verbosity);
  const StarterData data = find_starter_data(paths);
  constexpr std::size_t kFewest = 3;  // two to train on and one to hold out
  if (data.images < kFewest) {
    throw Error(ErrorKind::data, fmt::format("{}: found only {} images; expected at least {}",
                                             shown_path(data.directory), data.images, kFewest));
  }
  const Json config = starter_config(data);
  describe(data, log);
  log.info(network_text(choose_network(data)));
  std::fputs((config.dump(2) + "\n").c_str(), stdout);
  log.info(commands(data, config.at("name").text()));
  return 0;
}

}  // namespace bnn
