#include "bnn/data/class_names.h"

#include <algorithm>
#include <fmt/format.h>

#include "bnn/core/error.h"
#include "bnn/core/input_file.h"
#include "bnn/core/utf8.h"
#include "bnn/data/data_files.h"

namespace bnn {
namespace {

constexpr std::size_t kMaxNamesBytes = std::size_t{1} << 20;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::size_t first = 0;
  while (first < text.size()) {
    const std::size_t end = std::min(text.find('\n', first), text.size());
    std::string line = text.substr(first, end - first);
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
    lines.push_back(line);
    first = end + 1;
  }
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

// The file of names that the authors of CIFAR-10 and CIFAR-100 put beside their data.
std::string usual_names_file(const DataConfig& config) {
  switch (config.format) {
    case DataFormat::cifar10:
    case DataFormat::cifar:
      return "batches.meta.txt";
    case DataFormat::cifar100:
      return config.fine_labels ? "fine_label_names.txt" : "coarse_label_names.txt";
    case DataFormat::idx:
    case DataFormat::folder:
    case DataFormat::csv:
      break;
  }
  return "";
}

}  // namespace

std::string class_text(const std::vector<std::string>& class_names, std::size_t index) {
  return index < class_names.size() ? class_names[index] : std::to_string(index);
}

std::vector<std::string> find_class_names(const DataConfig& config, const std::string& directory,
                                          int classes) {
  const std::string name = usual_names_file(config);
  const std::string path = resolve_path(directory, name);
  if (name.empty() || any_is_missing({path})) return {};
  try {
    DataConfig with_file = config;
    with_file.class_names_file = name;
    return load_class_names(with_file, directory, classes);
  } catch (const Error&) {
    return {};  // nobody named it
  }
}

std::vector<std::string> load_class_names(const DataConfig& config, const std::string& directory,
                                          int classes) {
  const bool from_file = !config.class_names_file.empty();
  if (!from_file && config.class_names.empty()) return {};
  const std::string path = resolve_path(directory, config.class_names_file);
  const std::string place = from_file ? shown_path(path) : "/data/class_names";
  const ErrorKind kind = from_file ? ErrorKind::data : ErrorKind::config;
  const std::vector<std::string> names =
      from_file ? lines_of(read_text_file(path, kMaxNamesBytes, ErrorKind::data))
                : config.class_names;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i].empty()) {
      throw Error(kind, fmt::format("{}: line {} is blank; expected a name", place, i + 1));
    }
    if (!is_utf8(names[i])) {
      throw Error(kind, fmt::format("{}: line {} is not UTF-8 text", place, i + 1));
    }
  }
  if (names.size() != static_cast<std::size_t>(classes)) {
    throw Error(kind, fmt::format("{}: expected {} class names, as many as the model has outputs, "
                                  "found {}",
                                  place, classes, names.size()));
  }
  return names;
}

}  // namespace bnn
