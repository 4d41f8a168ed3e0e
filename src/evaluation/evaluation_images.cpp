#include "bnn/evaluation/evaluation_images.h"

#include <fmt/format.h>
#include <numeric>

#include "bnn/data/data_digest.h"
#include "bnn/data/load_dataset.h"
#include "bnn/data/split.h"
#include "bnn/evaluation/evaluation_directory.h"
#include "bnn/evaluation/outside_images.h"

namespace bnn {
namespace {

std::vector<std::uint32_t> all_of(const Dataset& data) {
  std::vector<std::uint32_t> chosen(data.size());
  std::iota(chosen.begin(), chosen.end(), 0u);
  return chosen;
}

// Files named on the command line: images and labels in turn for idx, anything else one by one.
FileSet named_files(const DataConfig& config, const std::vector<std::string>& files) {
  FileSet set;
  if (config.format != DataFormat::idx) {
    set.files = files;
    return set;
  }
  if (files.size() != 2) {
    throw Error(ErrorKind::usage,
                fmt::format("--files: the idx format needs two files, images and labels; found {}",
                            files.size()));
  }
  set.images = files[0];
  set.labels = files[1];
  return set;
}

void tell_changes(const EvalOptions& options, const std::string& which, const Dataset& data) {
  RunLog log("bnn-eval", options.verbosity);
  for (const std::string& sentence : data.skipped()) log.warning("skipped " + sentence);
  if (!data.skipped().empty()) {
    log.warning(fmt::format("skipped {} of {} images", data.skipped().size(),
                            data.size() + data.skipped().size()));
  }
  if (!data.cache_note().empty()) log.info(data.cache_note());
  if (data.changes().any()) log.info(which + data.changes().sentence(data.shape()));
}

}  // namespace

EvaluationImages load_images(const EvalOptions& options, const ModelCheckpoint& model) {
  const DataConfig& config = model.config.data;
  const int classes = model.graph.outputs();
  const Shape& shape = model.config.model.input;
  ThreadPool pool(options.threads);
  const LoadOptions how{&pool, options.skip_errors ? BrokenImages::skip : BrokenImages::refuse,
                        options.cache};
  EvaluationImages images;
  if (!options.files.empty()) {
    images.data = load_dataset(config, named_files(config, options.files), "", shape, classes, how);
    images.chosen = all_of(images.data);
    tell_changes(options, "", images.data);
    return images;
  }
  const FileSet& files = options.split == "test" ? config.test : config.train;
  if (files.empty()) {
    throw Error(ErrorKind::usage, "the checkpoint names no files for --split " + options.split +
                                      "; name them with --files, or use --split validation");
  }
  require_plain_names(options.checkpoint, files);
  images.data = load_dataset(config, files, evaluation_directory(options.checkpoint, options.data),
                             shape, classes, how);
  images.chosen = all_of(images.data);
  tell_changes(options, "", images.data);
  if (options.split == "test") return images;
  if (data_digest(images.data, pool) != model.data_digest) {
    throw Error(ErrorKind::data,
                "--split " + options.split +
                    ": the training images differ from those that the run was given, so it is not "
                    "known which of them it held out; expected the same images");
  }
  const Split split = split_validation(images.data.labels(), config, model.config.training.seed);
  images.chosen = options.split == "train" ? split.train : split.validation;
  if (images.chosen.empty()) {
    throw Error(ErrorKind::usage, "the checkpoint's run held out no validation examples");
  }
  return images;
}

EvaluationImages load_outside(const EvalOptions& options, const ModelCheckpoint& model) {
  EvaluationImages images;
  images.data = load_outside_data({options.ood, options.ood_format, options.ood_resize}, model);
  images.chosen = all_of(images.data);
  tell_changes(options, "--ood: ", images.data);
  return images;
}

}  // namespace bnn
