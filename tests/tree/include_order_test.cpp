#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "support/places.h"

namespace {

using Modules = std::set<std::string>;

// Which rooms the files of a room may include besides their own: the graph that src/README.md
// draws. It has no circle, so nothing that lies below the programs can come to need them.
const std::map<std::string, Modules>& allowed_modules() {
  static const Modules network = {"core",  "math",  "bayes",  "layers",
                                  "model", "files", "images", "data"};
  const auto with = [](Modules modules, const Modules& more) {
    modules.insert(more.begin(), more.end());
    return modules;
  };
  static const Modules run = with(network, {"exchange", "train", "infer", "config", "checkpoint"});
  static const Modules programs =
      with(run, {"corruption", "process", "output", "report", "training", "evaluation",
                 "prediction", "comparison", "export"});
  static const std::map<std::string, Modules> allowed = {
      {"core", {}},
      {"exchange", {"core"}},
      {"math", {"core"}},
      {"bayes", {"core", "math"}},
      {"layers", {"core", "math", "bayes"}},
      {"model", {"core", "math", "bayes", "layers"}},
      {"images", {"core"}},
      {"data", {"core", "images", "files"}},
      {"corruption", {"core", "images", "files", "data"}},
      {"files", {"core"}},
      {"train", with(network, {"exchange"})},
      {"infer", network},
      {"report", with(network, {"corruption", "infer"})},
      {"config", with(network, {"exchange", "train"})},
      {"checkpoint", with(network, {"exchange", "train", "infer", "config"})},
      {"output", with(network, {"infer"})},
      {"process", {"core", "math"}},
      {"training", with(run, {"corruption", "process", "report"})},
      {"evaluation", with(run, {"corruption", "process", "output", "report"})},
      {"embedding", run},
      {"prediction", with(run, {"process", "output"})},
      {"export", with(run, {"process"})},
      {"comparison", with(run, {"corruption", "process", "report"})},
      {"tools", programs},
      {"mpi", with(programs, {"tools"})},
  };
  return allowed;
}

// What stands between the quotes or brackets of an include line.
std::optional<std::string> included(const std::string& line) {
  std::size_t at = line.find_first_not_of(" \t");
  if (at == std::string::npos || line[at] != '#') return std::nullopt;
  at = line.find_first_not_of(" \t", at + 1);
  if (at == std::string::npos || line.compare(at, 7, "include") != 0) return std::nullopt;
  const std::size_t open = line.find_first_of("<\"", at);
  if (open == std::string::npos) return "";
  return line.substr(open, line.find_first_of(">\"", open + 1) - open);
}

// What is wrong with one include of a file of `module`, or "".
std::string fault(const std::string& path, const std::string& module, const std::string& header) {
  const std::string name = header.empty() ? "" : header.substr(1);
  if (name.find("cblas.h") != std::string::npos || name.find("openblas") != std::string::npos) {
    return path == "src/math/blas.cpp" ? "" : "only src/math/blas.cpp includes cblas.h";
  }
  if (name == "mpi.h") {
    return path == "src/mpi/mpi_transport.cpp" ? "" : "only src/mpi/mpi_transport.cpp includes it";
  }
  if (name.compare(0, 7, "spdlog/") == 0) {
    return module == "process" ? "" : "only process includes spdlog";
  }
  if (name.compare(0, 4, "bnn/") != 0) {
    // A name without a folder is a header beside the file, of the same module.
    const bool outside = header[0] == '"' && name.find('/') != std::string::npos;
    return outside ? "a header of this project is included as \"bnn/module/x.h\"" : "";
  }
  const std::string other = name.substr(4, name.find('/', 4) - 4);
  if (header[0] != '"' || allowed_modules().count(other) == 0) return "no module " + other;
  const bool good = other == module || allowed_modules().at(module).count(other) == 1;
  return good ? "" : module + " may not know " + other;
}

// The faults of one file, each with its line.
std::vector<std::string> faults(const std::string& path, const std::string& module,
                                const std::string& text) {
  std::vector<std::string> list;
  if (allowed_modules().count(module) == 0) return {path + ": in no known module"};
  std::istringstream lines(text);
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    const auto header = included(line);
    if (!header) continue;
    const std::string what = fault(path, module, *header);
    if (!what.empty()) list.push_back(path + ":" + std::to_string(number) + ": " + what);
  }
  return list;
}

std::string read(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// The rooms that each room reaches along the arrows "room --> other & other" of a drawing.
std::map<std::string, std::set<std::string>> reached_rooms(const std::string& page) {
  static const std::regex pattern(R"(^ *(\w+) --> (.*)$)");
  std::map<std::string, std::set<std::string>> reached;
  std::istringstream lines(page);
  for (std::string line; std::getline(lines, line);) {
    std::smatch match;
    if (!std::regex_match(line, match, pattern)) continue;
    std::string others = match[2];
    std::replace(others.begin(), others.end(), '&', ' ');
    std::istringstream words(others);
    for (std::string word; words >> word;) {
      reached[match[1]].insert(word);
      reached[word];
    }
  }
  for (std::size_t round = 0; round < reached.size(); ++round) {
    for (auto& [room, others] : reached) {
      const std::set<std::string> direct = others;
      for (const std::string& other : direct) {
        others.insert(reached[other].begin(), reached[other].end());
      }
    }
  }
  return reached;
}

// The headers of this project that a header includes, itself or through others.
std::set<std::string> reached_headers(const std::filesystem::path& root,
                                      const std::string& header) {
  std::set<std::string> reached;
  std::vector<std::string> open = {header};
  while (!open.empty()) {
    const std::string next = open.back();
    open.pop_back();
    if (!reached.insert(next).second) continue;
    std::ifstream file(root / "include" / next);
    for (std::string line; std::getline(file, line);) {
      const auto name = included(line);
      if (name && name->starts_with("\"bnn/")) open.push_back(name->substr(1));
    }
  }
  return reached;
}

}  // namespace

TEST_CASE("rooms include only their own files and those of rooms below them") {
  const std::filesystem::path root = bnn::testing::source_directory();
  std::set<std::string> seen;
  std::size_t includes = 0;
  for (const char* top : {"include/bnn", "src"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root / top)) {
      const std::string extension = entry.path().extension();
      if (extension != ".h" && extension != ".cpp") continue;
      const auto below = std::filesystem::relative(entry.path(), root / top);
      const std::string module = *below.begin();
      const std::string text = read(entry.path());
      seen.insert(module);
      for (std::size_t at = 0; (at = text.find("#include", at)) != std::string::npos; ++at) {
        ++includes;
      }
      const std::string path = std::filesystem::relative(entry.path(), root);
      for (const std::string& what : faults(path, module, text)) FAIL_CHECK(what);
    }
  }
  for (const auto& [module, others] : allowed_modules()) CHECK(seen.count(module) == 1);
  CHECK(includes > 200);
}

TEST_CASE("headers that compute do not reach the reader of configs") {
  const std::filesystem::path root = bnn::testing::source_directory();
  const std::set<std::string> readers = {"read_layer.h", "read_options.h", "read_weights.h",
                                         "read_model.h"};
  int checked = 0;
  for (const char* room : {"layers", "model"}) {
    for (const auto& entry : std::filesystem::directory_iterator(root / "include/bnn" / room)) {
      const std::string header =
          std::string("bnn/") + room + "/" + entry.path().filename().string();
      if (readers.count(entry.path().filename().string()) > 0) continue;
      INFO(header);
      CHECK(reached_headers(root, header).count("bnn/core/json_reader.h") == 0);
      ++checked;
    }
  }
  CHECK(checked > 20);
  CHECK(reached_headers(root, "bnn/model/read_model.h").count("bnn/core/json_reader.h") == 1);
}

TEST_CASE("the drawing in src/README.md is the graph of rooms that includes must follow") {
  const auto drawn = reached_rooms(read(bnn::testing::source_directory() + "/src/README.md"));
  for (const auto& [room, others] : allowed_modules()) {
    CAPTURE(room);
    REQUIRE(drawn.count(room) == 1);
    CHECK(drawn.at(room) == others);
  }
  CHECK(drawn.size() == allowed_modules().size());
}

TEST_CASE("the check of includes finds what breaks the rule") {
  const auto count = [](const std::string& path, const std::string& module,
                        const std::string& text) { return faults(path, module, text).size(); };
  const auto in = [&](const std::string& module, const std::string& text) {
    return count("src/" + module + "/x.cpp", module, text);
  };
  CHECK(in("core", "#include \"bnn/math/blas.h\"\n") == 1);
  CHECK(in("bayes", "// a comment\n#include \"bnn/layers/layer.h\"\n") == 1);
  CHECK(in("data", "#include \"bnn/math/blas.h\"\n") == 1);
  CHECK(in("images", "#include \"bnn/data/dataset.h\"\n") == 1);
  CHECK(in("data", "#include \"bnn/corruption/corruption.h\"\n") == 1);
  CHECK(in("model", "#include \"bnn/data/standardizer.h\"\n") == 1);
  CHECK(in("infer", "#include \"bnn/train/trainer.h\"\n") == 1);
  CHECK(in("train",
           "  #  include \"bnn/infer/predictor.h\"\n#include \"bnn/config/run_config.h\"\n") == 2);
  CHECK(in("layers", "#include \"../model/graph.h\"\n") == 1);
  CHECK(in("layers", "#include <bnn/core/error.h>\n") == 1);
  CHECK(in("math", "#include <cblas.h>\n") == 1);
  CHECK(in("core", "#include \"cblas.h\"\n") == 1);
  CHECK(in("infer", "#include <spdlog/spdlog.h>\n") == 1);
  CHECK(in("gpu", "\n") == 1);
  CHECK(in("core", "#include \"bnn/gpu/x.h\"\n") == 1);

  CHECK(in("process", "#include \"bnn/training/training_run.h\"\n") == 1);
  CHECK(in("output", "#include \"bnn/evaluation/eval_options.h\"\n") == 1);

  CHECK(in("process", "#include <spdlog/spdlog.h>\n") == 0);
  CHECK(in("training", "#include \"bnn/process/run_log.h\"\n") == 0);
  CHECK(in("tools", "#include \"bnn/files/npy.h\"\n#include \"program.h\"\n") == 0);
  CHECK(in("layers", "#include \"bnn/layers/layer.h\"\n#include \"bnn/core/error.h\"\n") == 0);
  CHECK(in("core", "#include <vector>\n#include <sys/stat.h>\n") == 0);
  CHECK(count("src/math/blas.cpp", "math", "#include <cblas.h>\n") == 0);
}
