// What libbnn promises beside numbers: sentences for wrong arguments and files, structs that may
// grow, and a host process that is left as it was.

#include <csignal>
#include <cstring>
#include <filesystem>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "embedding/library_fixture.h"
#include "support/data_files.h"
#include "support/places.h"

extern char** environ;  // NOLINT: POSIX

namespace bnn::testing {
namespace {

void check_refused(int status, int expected, const std::string& sentence) {
  CHECK(status == expected);
  CHECK(std::string(bnn_last_error()).find(sentence) != std::string::npos);
  CHECK(std::string(bnn_last_error()).find('\n') == std::string::npos);
}

std::vector<std::string> environment() {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) all.emplace_back(*entry);
  return all;
}

std::vector<void (*)(int)> signal_handlers() {
  std::vector<void (*)(int)> handlers;
  for (int number = 1; number < 32; ++number) {
    struct sigaction action = {};
    sigaction(number, nullptr, &action);
    handlers.push_back(action.sa_handler);
  }
  return handlers;
}

std::size_t entries_of(const char* folder) {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder)) ++count;
  return count;
}

}  // namespace

TEST_CASE("the library says what a model is") {
  Json config = tiny_cifar_config();
  Json names = Json::array();
  for (int k = 0; k < 10; ++k) names.push_back("name " + std::to_string(k));
  config["data"]["class_names"] = names;
  const TrainedRun tiny(config);
  const ModelHandle model = load_library_model(tiny.last());
  bnn_info info = {};
  info.struct_size = sizeof info;
  REQUIRE(bnn_model_info(model.get(), &info) == BNN_OK);
  CHECK(info.height == 8);
  CHECK(info.width == 8);
  CHECK(info.channels == 1);
  CHECK(info.classes == 10);
  CHECK(info.samples == 4);
  CHECK(info.has_noise == 1);
  CHECK(info.seed == 7);
  CHECK(std::string(bnn_model_class_name(model.get(), 3)) == "name 3");
  CHECK(bnn_model_class_name(model.get(), 10) == nullptr);
  CHECK(bnn_model_class_name(model.get(), -1) == nullptr);
  CHECK(std::string(bnn_version()).find('.') != std::string::npos);
  CHECK(bnn_abi_version() == BNN_ABI_VERSION);
  // The Python module uses every member, so it refuses older libraries.
  CHECK(read_bytes(source_directory() + "/src/embedding/bnn.py")
            .find("\n_ABI_VERSION = " + std::to_string(BNN_ABI_VERSION) + "\n") !=
        std::string::npos);
  const ModelHandle nameless = load_library_model(TrainedRun().last());
  CHECK(bnn_model_class_name(nameless.get(), 0) == nullptr);
}

TEST_CASE("the library refuses wrong arguments with a sentence") {
  const TrainedRun tiny;
  const ModelHandle model = load_library_model(tiny.last());
  bnn_model* none = nullptr;
  check_refused(bnn_model_load(nullptr, &none), BNN_ERROR_ARGUMENT, "path is NULL");
  check_refused(bnn_model_load(tiny.last().c_str(), nullptr), BNN_ERROR_ARGUMENT, "model is NULL");
  check_refused(bnn_model_load_memory(nullptr, 3, &none), BNN_ERROR_ARGUMENT, "bytes is NULL");
  bnn_session* session = nullptr;
  check_refused(bnn_session_new(nullptr, nullptr, &session), BNN_ERROR_ARGUMENT, "NULL");
  const auto check_options = [&](auto change, const std::string& sentence) {
    bnn_session_options options = session_options();
    change(options);
    session = reinterpret_cast<bnn_session*>(&options);
    check_refused(bnn_session_new(model.get(), &options, &session), BNN_ERROR_ARGUMENT, sentence);
    CHECK(session == nullptr);
  };
  check_options([](auto& o) { o.threads = -1; }, "threads");
  check_options([](auto& o) { o.threads = 5000; }, "threads");
  check_options([](auto& o) { o.samples = -2; }, "samples");
  check_options([](auto& o) { o.temperature = -1; }, "temperature");
  check_options([](auto& o) { o.temperature = std::nan(""); }, "temperature");
  check_options([](auto& o) { o.temperature = 1e-310; }, "temperature");
  check_options([](auto& o) { o.samples = 65537; }, "samples");
  check_options([](auto& o) { o.struct_size = 0; }, "struct_size");
  check_options([](auto& o) { o.struct_size = 5000; }, "struct_size");
  const SessionHandle good = new_session(model.get(), session_options());
  bnn_results results = {};
  results.struct_size = sizeof results;
  const std::vector<std::uint8_t> image(64);
  check_refused(bnn_predict(nullptr, image.data(), 1, nullptr, &results), BNN_ERROR_ARGUMENT,
                "session");
  check_refused(bnn_predict(good.get(), nullptr, 1, nullptr, &results), BNN_ERROR_ARGUMENT,
                "images is NULL");
  check_refused(bnn_predict(good.get(), image.data(), 1, nullptr, nullptr), BNN_ERROR_ARGUMENT,
                "results");
  CHECK(bnn_predict(good.get(), nullptr, 0, nullptr, &results) == BNN_OK);
  std::vector<std::uint8_t> out(64);
  check_refused(bnn_model_fit_image(model.get(), image.data(), 8, 8, 2, out.data()),
                BNN_ERROR_ARGUMENT, "channels");
  check_refused(bnn_model_fit_image(model.get(), image.data(), 0, 8, 1, out.data()),
                BNN_ERROR_ARGUMENT, "height and width");
  bnn_info info = {};
  check_refused(bnn_model_info(model.get(), &info), BNN_ERROR_ARGUMENT, "struct_size");
  bnn_model_free(nullptr);
  bnn_session_free(nullptr);
  CHECK(bnn_session_samples(nullptr) == 0);
}

TEST_CASE("structs of the library may be shorter or longer than it knows") {
  const TrainedRun tiny;
  const ModelHandle model = load_library_model(tiny.last());
  bnn_info info = {};
  info.struct_size = offsetof(bnn_info, classes);
  info.classes = -5;
  REQUIRE(bnn_model_info(model.get(), &info) == BNN_OK);
  CHECK(info.height == 8);
  CHECK(info.classes == -5);

  struct {
    bnn_info known;
    std::uint64_t later;
  } later = {{}, 77};
  later.known.struct_size = sizeof later;
  REQUIRE(bnn_model_info(model.get(), &later.known) == BNN_OK);
  CHECK(later.known.classes == 10);
  CHECK(later.later == 0);

  struct Newer {
    bnn_session_options known;
    std::uint64_t member;
  } newer = {session_options(), 0};
  newer.known.struct_size = sizeof newer;
  bnn_session* session = nullptr;
  REQUIRE(bnn_session_new(model.get(), &newer.known, &session) == BNN_OK);
  bnn_session_free(session);
  newer.member = 1;
  check_refused(bnn_session_new(model.get(), &newer.known, &session), BNN_ERROR_ARGUMENT, "newer");

  bnn_session_options older = session_options();
  older.struct_size = offsetof(bnn_session_options, mean_weights);
  older.samples = 3;
  older.mean_weights = 1;  // beyond what the caller knows
  REQUIRE(bnn_session_new(model.get(), &older, &session) == BNN_OK);
  CHECK(bnn_session_samples(session) == 3);
  bnn_session_free(session);
}

TEST_CASE("the library refuses checkpoints that are missing or damaged") {
  const TrainedRun tiny;
  bnn_model* model = nullptr;
  check_refused(bnn_model_load(tiny.file("nothing").c_str(), &model), BNN_ERROR_CHECKPOINT,
                "nothing: cannot read");
  check_refused(bnn_model_load(tiny.file("tiny.json").c_str(), &model), BNN_ERROR_CHECKPOINT,
                "tiny.json");
  std::string bytes = tiny.read("run/checkpoints/last.safetensors");
  REQUIRE(bnn_model_load_memory(bytes.data(), bytes.size(), &model) == BNN_OK);
  const SessionHandle from_memory = new_session(model, session_options());
  const ModelHandle from_file = load_library_model(tiny.last());
  const SessionHandle session = new_session(from_file.get(), session_options());
  const std::vector<std::uint8_t> images = tiny_test_images();
  CHECK(predict_images(model, from_memory.get(), images).probabilities ==
        predict_images(model, session.get(), images).probabilities);
  bnn_model_free(model);
  for (std::size_t at = 0; at < bytes.size(); at += 61) {
    CAPTURE(at);
    bytes[at] = static_cast<char>(bytes[at] ^ 16);
    CHECK(bnn_model_load_memory(bytes.data(), bytes.size(), &model) == BNN_ERROR_CHECKPOINT);
    CHECK(model == nullptr);
    bytes[at] = static_cast<char>(bytes[at] ^ 16);
    CHECK(bnn_model_load_memory(bytes.data(), at, &model) == BNN_ERROR_CHECKPOINT);
  }
  check_refused(bnn_model_load_memory(bytes.data(), 5, &model), BNN_ERROR_CHECKPOINT,
                "checkpoint in memory");
}

TEST_CASE("a session of several threads is refused in the child of a fork") {
  const TrainedRun tiny;
  const ModelHandle model = load_library_model(tiny.last());
  bnn_session_options options = session_options();
  options.threads = 2;
  SessionHandle session = new_session(model.get(), options);
  const SessionHandle alone = new_session(model.get(), session_options());
  const std::vector<std::uint8_t> images = tiny_test_images();
  const LibraryResults expected = predict_images(model.get(), alone.get(), images);
  const pid_t child = fork();
  if (child == 0) {
    bnn_results results = {};
    results.struct_size = sizeof results;
    const int status = bnn_predict(session.get(), images.data(), 1, nullptr, &results);
    session.reset();
    const bool is_equal =
        predict_images(model.get(), alone.get(), images).probabilities == expected.probabilities;
    _exit(status == BNN_ERROR_ARGUMENT && is_equal ? 0 : 1);
  }
  int status = -1;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(status == 0);
}

TEST_CASE("the library leaves its host's environment, signals, files and threads alone") {
  const TrainedRun tiny;
  const std::vector<std::string> variables = environment();
  const auto handlers = signal_handlers();
  const std::size_t files = entries_of("/proc/self/fd"), threads = entries_of("/proc/self/task");
  {
    const ModelHandle model = load_library_model(tiny.last());
    bnn_session_options options = session_options();
    options.threads = 3;
    const SessionHandle session = new_session(model.get(), options);
    predict_images(model.get(), session.get(), tiny_test_images());
    CHECK(entries_of("/proc/self/task") == threads + 2);
  }
  CHECK(environment() == variables);
  CHECK(signal_handlers() == handlers);
  CHECK(entries_of("/proc/self/fd") == files);
  CHECK(entries_of("/proc/self/task") == threads);
}

}  // namespace bnn::testing
