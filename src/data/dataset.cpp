#include "bnn/data/dataset.h"

#include <algorithm>
#include <limits>
#include <new>
#include <stdexcept>
#include <zlib.h>

#include "bnn/core/error.h"
#include "bnn/core/input_file.h"
#include "bnn/data/byte_stream.h"
#include "bnn/data/cifar.h"
#include "bnn/data/class_folders.h"
#include "bnn/data/idx.h"

namespace bnn {
namespace {

// Names the part of the data that the last `count` examples make up. Examples are numbered by 32
// bits.
void add_file(Dataset& data, const std::string& name, std::size_t count) {
  data.files.push_back({name, data.size() - count, count});
  if (data.size() > std::numeric_limits<std::uint32_t>::max()) {
    throw Error(ErrorKind::data, shown_path(name) + ": more than 4294967295 examples in all");
  }
}

// Looks at every file before the first is read: a slip in the last name shows at once, and memory
// is taken in one piece.
void prepare_cifar(const std::vector<std::string>& paths, const CifarLayout& layout,
                   Dataset& data) {
  std::uint64_t total = 0;
  for (const std::string& path : paths) {
    InputFile file = open_data_file(path);
    total += count_records(file, layout).value_or(0);
  }
  data.pixels.reserve(static_cast<std::size_t>(total) * layout.shape.size());
  data.labels.reserve(static_cast<std::size_t>(total));
}

void load_cifar(const FileSet& set, const std::string& directory, const CifarLayout& layout,
                Dataset& data) {
  const std::vector<std::string> paths = resolved_paths(set, directory);
  prepare_cifar(paths, layout, data);
  for (std::size_t i = 0; i < paths.size(); ++i) {
    InputFile file = open_data_file(paths[i]);
    add_file(data, set.files[i], append_cifar(file, layout, data));
  }
}

void load_idx(const FileSet& set, const std::string& directory, const LabelRange& range,
              Dataset& data) {
  if (!set.images.empty()) {
    const std::string labels = set.labels.empty() ? "" : resolve_path(directory, set.labels);
    add_file(data, set.images,
             append_idx(resolve_path(directory, set.images), labels, range, data));
  }
  for (const std::string& name : set.files) {
    add_file(data, name, append_idx(resolve_path(directory, name), "", range, data));
  }
}

void require_image_channels(const Shape& shape) {
  if (shape.channels == 1 || shape.channels == 3) return;
  throw Error(ErrorKind::config,
              "/model/input: PNG and JPEG images have 1 or 3 channels, found " + to_string(shape));
}

void load_folders(const DataConfig& config, const FileSet& set, const std::string& directory,
                  int classes, Dataset& data) {
  require_image_channels(data.shape);
  data.class_folders = config.class_folders;
  for (const std::string& name : set.files) {
    append_class_folders(resolve_path(directory, name), name, classes, data);
  }
  if (classes == 0) data.classes = static_cast<int>(data.class_folders.size());
}

// Runs `load` on an empty data set.
template <typename Load>
Dataset loaded(const DataConfig& config, const Shape& shape, int classes, const Load& load) {
  Dataset data;
  data.shape = shape;
  const LabelRange range = label_range(config, classes);
  data.classes = classes > 0 ? classes : range.count;
  try {
    load(range, data);
  } catch (const std::bad_alloc&) {
    throw Error(ErrorKind::data, "the data set does not fit into memory");
  } catch (const std::length_error&) {
    throw Error(ErrorKind::data, "the data set does not fit into memory");
  }
  return data;
}

void check_set(const DataConfig& config, const FileSet& set) {
  if (set.empty()) throw Error(ErrorKind::data, "no data files are named");
  const bool idx = config.format == DataFormat::idx;
  if (!idx && (!set.images.empty() || set.files.empty())) {
    throw Error(ErrorKind::internal, "a pair of files for format " + to_string(config.format));
  }
  if (idx && !set.labels.empty() && !set.files.empty()) {
    throw Error(ErrorKind::internal, "labels for some of the images only");
  }
}

}  // namespace

const Dataset::File& Dataset::file_of(std::size_t example) const {
  const auto after =
      std::upper_bound(files.begin(), files.end(), example,
                       [](std::size_t value, const File& file) { return value < file.first; });
  return *(after - 1);
}

std::uint32_t Dataset::index_in_file(std::size_t example) const {
  return static_cast<std::uint32_t>(example - file_of(example).first);
}

void Dataset::append_image(Image image, const std::string& name) {
  require_image_channels(shape);
  const Image fitted = fit_image(std::move(image), shape, changes);
  names.push_back(static_cast<std::uint32_t>(crc32_z(0, fitted.bytes.data(), fitted.bytes.size())));
  pixels.insert(pixels.end(), fitted.bytes.begin(), fitted.bytes.end());
  add_file(*this, name, 1);
}

Dataset load_dataset(const DataConfig& config, const FileSet& set, const std::string& directory,
                     const Shape& shape, int classes) {
  check_set(config, set);
  return loaded(config, shape, classes, [&](const LabelRange& range, Dataset& data) {
    if (config.format == DataFormat::idx) {
      load_idx(set, directory, range, data);
    } else if (config.format == DataFormat::folder) {
      load_folders(config, set, directory, classes, data);
    } else {
      load_cifar(set, directory, cifar_layout(config, shape, classes), data);
    }
  });
}

Dataset load_stream(const DataConfig& config, InputFile file, const std::string& name,
                    const Shape& shape, int classes) {
  return loaded(config, shape, classes, [&](const LabelRange&, Dataset& data) {
    if (config.format == DataFormat::folder) {
      throw Error(ErrorKind::data, file.name() + ": expected a PNG or JPEG image");
    }
    if (config.format == DataFormat::idx) {
      add_file(data, name, append_idx_images(std::move(file), data));
    } else {
      add_file(data, name, append_cifar(file, cifar_layout(config, shape, classes), data));
    }
  });
}

int format_classes(const DataConfig& config) {
  if (config.format == DataFormat::cifar10) return 10;
  if (config.format == DataFormat::cifar100) return config.fine_labels ? 100 : 20;
  return 0;
}

std::string resolve_path(const std::string& directory, const std::string& name) {
  const bool fixed = directory.empty() || name == "-" || (!name.empty() && name.front() == '/');
  if (fixed) return name;
  return directory + (directory.back() == '/' ? "" : "/") + name;
}

std::vector<std::string> resolved_paths(const FileSet& set, const std::string& directory) {
  std::vector<std::string> paths;
  for (const std::string& name : set.files) paths.push_back(resolve_path(directory, name));
  for (const std::string& name : {set.images, set.labels}) {
    if (!name.empty()) paths.push_back(resolve_path(directory, name));
  }
  return paths;
}

}  // namespace bnn
