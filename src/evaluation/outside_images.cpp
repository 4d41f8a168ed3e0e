#include "bnn/evaluation/outside_images.h"

#include "bnn/core/input_file.h"
#include "bnn/data/data_files.h"
#include "bnn/data/idx.h"
#include "bnn/data/load_dataset.h"
#include "bnn/images/image_file.h"
#include "bnn/images/image_list.h"

namespace bnn {
namespace {

std::string size_text(const Shape& shape) {
  return to_string(Shape{shape.height, shape.width, shape.channels});
}

// A data file's format and the shape of its images as they lie in it.
struct Layout {
  DataConfig config;
  Shape shape;
  bool is_certain = false;  // the file begins as one of this format
};

class OutsideLoader {
 public:
  OutsideLoader(const OutsideOptions& options, const ModelCheckpoint& model)
      : options_(options),
        model_(model),
        data_(model.config.model.input, model.graph.outputs(), model.config.data.resize) {}

  void add(const std::string& name) {
    if (is_folder(name)) {
      for (const std::string& path : list_images(name).paths) add_image(path);
    } else if (is_image(name)) {
      add_image(name);
    } else {
      add_data_file(name);
    }
  }

  Dataset finish() { return std::move(data_); }

 private:
  bool is_image(const std::string& name) const {
    if (!options_.format.empty()) return false;
    if (has_image_name(name)) return true;
    return name != "-" &&
           image_format(open_data_file(name).peek(kImageHeadBytes)) != ImageFormat::none;
  }

  void require_fit(const std::string& name, const Shape& shape) const {
    if (options_.resize || shape.same_size(data_.shape())) return;
    throw Error(ErrorKind::data, shown_path(name) + ": images are " + size_text(shape) +
                                     ", the model's input is " + size_text(data_.shape()) +
                                     "; --ood-resize resizes and converts them");
  }

  void add_image(const std::string& path) {
    Image image = read_image(path);
    require_fit(path, image.shape());
    data_.append_image(std::move(image), path);
  }

  Layout layout_of(const std::string& name) const {
    Layout layout{model_.config.data, data_.shape()};
    const DataFormat own = layout.config.format;
    const std::optional<Shape> idx = name == "-" ? std::nullopt : idx_shape(name);
    DataFormat format = idx ? DataFormat::idx : own;
    for (const DataFormat named : {DataFormat::cifar10, DataFormat::cifar100, DataFormat::idx}) {
      if (to_string(named) == options_.format) format = named;
    }
    if (has_image_files(format)) {
      throw Error(ErrorKind::data, shown_path(name) +
                                       ": expected images or an idx file; --ood-format names "
                                       "another format of data files");
    }
    if (format != own) {
      layout.config = {};
      layout.config.format = format;
    }
    layout.is_certain = format == DataFormat::idx && idx.has_value();
    if (layout.is_certain) layout.shape = *idx;
    if (format == DataFormat::cifar10 || format == DataFormat::cifar100) layout.shape = {32, 32, 3};
    return layout;
  }

  // Read before its shape is looked at: no resizing helps a file of another format.
  Dataset load(const std::string& name, const Layout& layout) const {
    open_data_file(name);  // a file that cannot be opened has no format to be wrong about
    try {
      return load_dataset(layout.config, FileSet{{name}, "", ""}, "", layout.shape, 0);
    } catch (const Error& error) {
      const bool may_help = options_.format.empty() && !layout.is_certain;
      if (!may_help || error.kind() != ErrorKind::data) throw;
      throw Error(error.kind(), error.what() + std::string("; if the file has another format, name "
                                                           "it with --ood-format"));
    }
  }

  void add_data_file(const std::string& name) {
    const Layout layout = layout_of(name);
    const Dataset part = load(name, layout);
    require_fit(name, layout.shape);
    if (!layout.shape.same_size(data_.shape())) require_colours(name, layout.shape);
    data_.append_fitted(part, name);
  }

  void require_colours(const std::string& name, const Shape& shape) const {
    for (const int channels : {shape.channels, data_.shape().channels}) {
      if (channels == 1 || channels == 3) continue;
      throw Error(ErrorKind::data, shown_path(name) + ": images of " + size_text(shape) +
                                       " cannot be converted to " + size_text(data_.shape()) +
                                       "; expected 1 or 3 channels");
    }
  }

  const OutsideOptions& options_;
  const ModelCheckpoint& model_;
  Dataset data_;
};

}  // namespace

Dataset load_outside_data(const OutsideOptions& options, const ModelCheckpoint& model) {
  OutsideLoader loader(options, model);
  for (const std::string& name : options.names) loader.add(name);
  return loader.finish();
}

}  // namespace bnn
