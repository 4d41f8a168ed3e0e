// Texts that users and other programs write: JSON, overrides, lists of paths and of names, maps.

#include <algorithm>

#include "bnn/checkpoint/torch_modules.h"
#include "bnn/config/run_config.h"
#include "bnn/core/parse_json.h"
#include "bnn/data/class_names.h"
#include "bnn/prediction/path_list.h"
#include "made_up_run.h"
#include "support/data_files.h"
#include "support/temporary_directory.h"
#include "targets/targets.h"

namespace bnn::fuzzing {
namespace {

using testing::TemporaryDirectory;
using testing::write_text;

constexpr const char* kConfig = R"({
  "name": "run",
  "data": {"format": "cifar10", "train": ["a.bin"], "validation": 12},
  "model": {"input": {"height": 4, "width": 4, "channels": 1},
            "layers": [{"type": "flatten"}, {"type": "dense_flipout", "name": "logits", "units": 10}]},
  "training": {"epochs": 2, "optimizer": {"type": "adam", "learning_rate": 0.01}}
})";

std::vector<std::string> all_paths(const std::string& file) {
  PathList list(file);
  std::vector<std::string> paths;
  for (;;) {
    const std::vector<std::string> more = list.next(3);
    if (more.empty()) return paths;
    require(more.size() <= 3, "more paths than were asked for");
    paths.insert(paths.end(), more.begin(), more.end());
  }
}

}  // namespace

// What is accepted is written so that it reads back equal, and is then written the same.
void fuzz_json(Bytes input) {
  const std::string_view text = as_text(input);
  const auto tried = try_parse_json(text);
  try {
    const Json value = parse_json(text, "x.json", ErrorKind::config);
    require(tried.has_value() && *tried == value, "try_parse_json differs from parse_json");
    for (const int indent : {-1, 2}) {
      const std::string written = value.dump(indent);
      const Json again = parse_json(written, "written.json", ErrorKind::internal);
      require(again == value, "JSON reads back as another value");
      require(again.dump(indent) == written, "JSON is written in another way");
    }
    require(try_parse_json(value.dump_replacing(true)) == value, "ASCII reads back differently");
  } catch (const Error&) {
    require(!tried.has_value(), "try_parse_json accepts what parse_json refuses");
    throw;
  }
}

// One override a line.
void fuzz_override(Bytes input) {
  static const Json config_file = parse_json(kConfig, "config.json", ErrorKind::config);
  Json document = config_file;
  while (!input.empty()) apply_override(document, as_string(take_field(input, '\n')));
  const RunConfig config = read_run_config(document, "config.json", ErrorKind::config);
  make_graph(config, "config.json", ErrorKind::config);
}

void fuzz_path_list(Bytes input) {
  const TemporaryDirectory folder;
  const std::string file = folder.file("list");
  write_text(file, as_string(input));
  const std::vector<std::string> paths = all_paths(file);
  std::vector<std::string> expected;
  while (!input.empty()) {
    std::string line = as_string(take_field(input, '\n'));
    if (line.ends_with('\r')) line.pop_back();
    if (!line.empty()) expected.push_back(line);
  }
  require(paths == expected, "paths are not the lines of the list");
}

void fuzz_class_names(Bytes input) {
  const TemporaryDirectory folder;
  write_text(folder.file("names.txt"), as_string(input));
  DataConfig config;
  config.class_names_file = "names.txt";
  const auto lines = static_cast<int>(std::count(input.begin(), input.end(), '\n'));
  const int classes = std::max(1, lines);
  const auto names = load_class_names(config, folder.path(), classes);
  require(names.size() == static_cast<std::size_t>(classes), "another number of class names");
  for (const std::string& name : names) require(!Json(name).dump().empty(), "a name is no JSON");
}

void fuzz_torch_map(Bytes input) {
  const TemporaryDirectory folder;
  write_text(folder.file("map.json"), as_string(input));
  read_torch_map(folder.file("map.json"));
}

}  // namespace bnn::fuzzing
