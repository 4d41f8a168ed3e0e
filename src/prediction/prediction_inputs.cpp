#include "bnn/prediction/prediction_inputs.h"

#include <fmt/format.h>

#include "bnn/core/display_text.h"
#include "bnn/core/input_file.h"
#include "bnn/data/data_files.h"
#include "bnn/data/load_dataset.h"
#include "bnn/images/image_extent.h"
#include "bnn/images/image_file.h"
#include "bnn/images/image_list.h"
#include "bnn/process/stop_signal.h"

namespace bnn {
namespace {

Dataset no_images(const ModelCheckpoint& model) {
  return Dataset(model.config.model.input, model.graph.outputs(), model.config.data.resize);
}

// Faults of an image file, not of the model or of the program.
bool is_broken_image(const Error& error) {
  return error.kind() == ErrorKind::data || error.kind() == ErrorKind::io;
}

class InputFinder {
 public:
  InputFinder(const ModelCheckpoint& model, RunLog& log) : model_(model), log_(log) {}

  void add(const std::string& name) {
    if (name == "-") return add_standard_input();
    if (is_folder(name)) return add_folder(name);
    if (has_image_name(name)) return add_image(name);
    InputFile file = open_data_file(name);
    if (image_format(file.peek(kImageHeadBytes)) != ImageFormat::none) return add_image(name);
    if (has_image_files(model_.config.data.format)) refuse(name, file);
    inputs_.emplace_back();
    inputs_.back().data = load_stream(model_.config.data, std::move(file), name,
                                      model_.config.model.input, model_.graph.outputs());
    inputs_.back().examples = {0, inputs_.back().data.size()};
  }

  std::vector<PredictionInput> finish() { return std::move(inputs_); }

 private:
  void add_standard_input() {
    inputs_.emplace_back();
    inputs_.back().is_standard_input = true;
  }

  void add_image(const std::string& path) {
    if (inputs_.empty() || inputs_.back().images.empty()) inputs_.emplace_back();
    inputs_.back().images.push_back(path);
  }

  void add_folder(const std::string& name) {
    const ImageList list = list_images(name);
    tell_others(name, list.others);
    for (const std::string& path : list.paths) add_image(path);
  }

  // What is in a folder and no image, such as photographs of a kind that nobody here can decode.
  void tell_others(const std::string& folder, const std::vector<std::string>& others) {
    if (others.empty()) return;
    log_.info(printable_line(fmt::format(
        "{}: passed over {} no image ({}), such as {}", shown_path(folder),
        others.size() == 1 ? "a file that is" : fmt::format("{} files that are", others.size()),
        kImageFormats, shown_path(others.front()))));
  }

  // @param file of a model that knows no data files but images
  [[noreturn]] static void refuse(const std::string& name, InputFile& file) {
    throw Error(ErrorKind::data, fmt::format("{}: expected an image ({}) or a folder of images, "
                                             "found {}",
                                             shown_path(name), kImageFormats,
                                             other_kind(file.peek(kImageHeadBytes))));
  }

  const ModelCheckpoint& model_;
  RunLog& log_;
  std::vector<PredictionInput> inputs_;
};

}  // namespace

std::vector<PredictionInput> find_inputs(const std::vector<std::string>& names,
                                         const ModelCheckpoint& model, RunLog& log) {
  InputFinder finder(model, log);
  for (const std::string& name : names) finder.add(name);
  return finder.finish();
}

Dataset ImageReader::read(const std::vector<std::string>& paths, std::size_t& next,
                          std::size_t count) {
  Dataset data = no_images(model_);
  while (data.size() < count && next < paths.size()) {
    stop_if_asked();
    const std::string& path = paths[next];
    try {
      data.append_image(read_image(path), path);
    } catch (const Error& error) {
      if (!is_broken_image(error) || (!skip_errors_ && data.size() == 0)) throw;
      if (!skip_errors_) break;  // those before it come first
      skip(error);
    }
    ++next;
  }
  return data;
}

Dataset ImageReader::read_standard_input() {
  const DataConfig& config = model_.config.data;
  const std::string name = "-";
  InputFile file = open_data_file(name);
  const bool is_image = image_format(file.peek(kImageHeadBytes)) != ImageFormat::none;
  // A stream cannot be a folder. With that format it must be an image.
  if (!is_image && !has_image_files(config.format)) {
    return load_stream(config, std::move(file), name, model_.config.model.input,
                       model_.graph.outputs());
  }
  const std::vector<std::byte> bytes = file.read_rest(kMaxImageFileBytes);
  const auto images = split_images(bytes, file.name());
  Dataset data = no_images(model_);
  for (std::size_t i = 0; i < images.size(); ++i) {
    const bool is_one_of_several = images.size() > 1;
    const std::string place = is_one_of_several ? fmt::format("#{}", i) : "";
    try {
      data.append_image(decode_image(images[i], file.name() + place), name + place);
    } catch (const Error& error) {
      if (!skip_errors_ || !is_broken_image(error)) throw;
      skip(error);
    }
  }
  return data;
}

Dataset ImageReader::no_images_yet() const { return no_images(model_); }

std::string ImageReader::append_listed(const std::string& path, Dataset& data) {
  stop_if_asked();
  try {
    data.append_image(read_image(path), path);
  } catch (const Error& error) {
    if (!skip_errors_ || !is_broken_image(error)) throw;
    ++skipped_;
    return error.what();
  }
  return "";
}

void ImageReader::skip(const Error& error) {
  log_.warning(printable_line(std::string("skipped ") + error.what()));
  ++skipped_;
}

std::string input_name(const Dataset& data, std::size_t example) {
  const Provenance& provenance = data.provenance();
  const std::string& path = provenance.file_of(example).name;
  const bool is_image_file = provenance.has_stream_names();
  return is_image_file ? path : fmt::format("{}#{}", path, provenance.index_in_file(example));
}

}  // namespace bnn
