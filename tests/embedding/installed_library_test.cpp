// An installed bnn as others build against it: pkg-config and CMake, C, C++ and Python.

#include <array>

#include <catch2/catch.hpp>

#include "embedding/library_fixture.h"
#include "support/data_files.h"
#include "support/image_files.h"
#include "support/places.h"
#include "support/temporary_directory.h"
#include "support/text_lines.h"

namespace bnn::testing {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool kIsSanitized = true;  // a host that is not sanitized cannot load the library
#else
constexpr bool kIsSanitized = false;
#endif

ProgramRun shell(const std::string& directory, const std::string& command) {
  ProgramRun run = run_program("/bin/sh", {"-c", command}, {.directory = directory});
  INFO(command);
  INFO(run.err);
  REQUIRE(run.exit_code == 0);
  return run;
}

bool has_command(const std::string& command) {
  return run_program("/bin/sh", {"-c", command + " >/dev/null 2>&1"}).exit_code == 0;
}

std::string one_line(const std::string& text) { return lines_of(text).at(0); }

// A Python with NumPy, or "": the first of the path may be another than Debian's.
std::string python() {
  for (const char* name : {"python3", "/usr/bin/python3"}) {
    if (has_command(std::string(name) + " -c 'import numpy'")) return name;
  }
  return "";
}

// An 8 x 8 grey image.
Bytes pixels_of(int number) {
  Bytes pixels;
  for (int i = 0; i < 64; ++i) pixels.push_back(static_cast<std::uint8_t>((i * 31 + number) % 253));
  return pixels;
}

double number_after(const std::string& text, const std::string& words) {
  const std::size_t at = text.find(words);
  REQUIRE(at != std::string::npos);
  return std::stod(text.substr(at + words.size()));
}

}  // namespace

TEST_CASE("the examples build against an installed library and print what bnn-predict prints") {
  if (kIsSanitized) return;
  const TrainedRun tiny;
  const TemporaryDirectory place;
  const std::string prefix = place.file("root");
  shell(place.path(), "cmake --install " + binary_directory() + " --prefix " + prefix);
  const std::string examples = prefix + "/share/bnn/examples";

  const Bytes pixels = pixels_of(5);
  Bytes pgm = {'P', '5', ' ', '8', ' ', '8', ' ', '2', '5', '5', '\n'};
  pgm.insert(pgm.end(), pixels.begin(), pixels.end());
  write_bytes(tiny.file("image.pgm"), pgm);
  write_bytes(tiny.file("image.png"), png_bytes({.height = 8, .width = 8, .colour = 0}, pixels));
  write_bytes(tiny.file("images.raw"), pixels);
  const Json line = json_lines(tiny.predict({"image.png"}).out).at(0);
  const int predicted = line.at("predicted").get<int>();
  const double probability =
      line.at("probabilities").at(static_cast<std::size_t>(predicted)).get<double>();
  const double entropy = line.at("predictive_entropy").get<double>();
  const double information = line.at("mutual_information").get<double>();

  SECTION("CMake, C and C++") {
    shell(place.path(), "cmake -S " + examples + " -B built -DCMAKE_PREFIX_PATH=" + prefix +
                            " && cmake --build built");
    const ProgramRun c =
        shell(tiny.path(), place.file("built/predict") + " " + tiny.last() + " image.pgm");
    CHECK(c.out.starts_with("class " + std::to_string(predicted) + ","));
    CHECK(number_after(c.out, ", probability ") == probability);
    CHECK(number_after(c.out, "predictive entropy ") == entropy);
    CHECK(number_after(c.out, "mutual information ") == information);
    const ProgramRun cpp =
        shell(tiny.path(), place.file("built/predict_threads") + " " + tiny.last() + " images.raw");
    CHECK(number_after(cpp.out, "image 0: predictive entropy ") == entropy);
    const ProgramRun broken = run_program(place.file("built/predict"), {"image.pgm", "image.pgm"},
                                          {.directory = tiny.path()});
    CHECK(broken.exit_code == 1);
    CHECK(broken.err.find("image.pgm") != std::string::npos);
  }
  SECTION("pkg-config") {
    if (!has_command("pkg-config --version")) {
      WARN("pkg-config is not installed");
      return;
    }
    const std::string flags =
        shell(place.path(), "PKG_CONFIG_PATH=$(dirname $(find " + prefix +
                                " -name bnn.pc)) pkg-config --cflags --libs bnn")
            .out;
    shell(place.path(), "cc -std=c99 -Wall -Wextra -Wpedantic -Werror " + examples +
                            "/predict.c -o predict " + one_line(flags));
    const std::string folder =
        one_line(shell(place.path(), "dirname $(find " + prefix + " -name libbnn.so)").out);
    const ProgramRun run =
        shell(tiny.path(), "LD_LIBRARY_PATH=" + folder + " " + place.file("predict") + " " +
                               tiny.last() + " image.pgm");
    CHECK(number_after(run.out, ", probability ") == probability);
  }
  SECTION("Python") {
    if (python().empty()) {
      WARN("python3-numpy is not installed");
      return;
    }
    const std::string module =
        one_line(shell(place.path(), "dirname $(find " + prefix + " -name bnn.py)").out);
    shell(tiny.path(),
          python() +
              " -c \"import numpy; numpy.save('images.npy', numpy.fromfile('images.raw', "
              "numpy.uint8).reshape(1, 8, 8))\"");
    const ProgramRun run =
        shell(tiny.path(), "PYTHONPATH=" + module + " " + python() + " " + examples +
                               "/predict.py " + tiny.last() + " images.npy");
    CHECK(run.out.starts_with(std::to_string(predicted) + ": "));
    CHECK(number_after(run.out, "probability ") == probability);
    CHECK(number_after(run.out, "mutual information ") == information);
  }
}

TEST_CASE("the Python module agrees with bnn-predict and refuses what makes no sense") {
  if (kIsSanitized || python().empty()) return;
  const TrainedRun tiny(tiny_cifar_config());
  REQUIRE(
      tiny.predict({"test.bin", "--format", "npy", "--output", "p.npy", "--save-samples", "s.npy"})
          .exit_code == 0);
  write_bytes(tiny.file("images.raw"), tiny_test_images());
  write_text(tiny.file("check.py"), R"py(
import threading
import numpy as np
import bnn

images = np.fromfile("images.raw", np.uint8).reshape(-1, 8, 8, 1)
names = np.arange(len(images))
model = bnn.Model("run/checkpoints/last.safetensors")
assert model.shape == (8, 8, 1) and model.classes == 10 and model.samples == 4
assert model.class_names is None
result = model.predict(images, names, keep_samples=True, threads=2)
assert np.array_equal(result.probabilities.astype(np.float32), np.load("p.npy"))
assert np.array_equal(result.samples, np.load("s.npy"))
assert np.allclose(result.samples.mean(0), result.probabilities)
assert np.array_equal(result.predicted, result.probabilities.argmax(1))
assert np.array_equal(model.predict(images[:, :, :, 0], names).probabilities, result.probabilities)

with open("run/checkpoints/last.safetensors", "rb") as file:
    copy = bnn.Model(file.read())
session = copy.session(samples=2, seed=5)
del copy
assert session.samples == 2
assert session.predict(images, keep_samples=True).samples.shape == (2, len(images), 10)

found = [None] * 4
def work(i):
    found[i] = model.predict(images, names).probabilities
threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert all(np.array_equal(p, result.probabilities) for p in found)

for wrong in (images.astype(float), images[:, :7], images[0], np.zeros((2, 8, 8, 3), np.uint8)):
    try:
        model.predict(wrong)
    except ValueError as error:
        assert "expected uint8 of shape (n, 8, 8, 1)" in str(error)
    else:
        raise AssertionError(wrong.shape)
for options in ({"seed": 2**64}, {"seed": -1}, {"samples": 0}, {"samples": 2**32 + 3},
                {"threads": 2**32 + 1}, {"temperature": 0}, {"names": [0.7] * len(images)},
                {"names": [-1] * len(images)}, {"names": [2**32] * len(images)}):
    try:
        model.predict(images, **options)
    except ValueError:
        continue
    raise AssertionError(options)
import copy as copies
for copied in (copies.copy, copies.deepcopy):
    try:
        copied(model)
    except TypeError:
        continue
    raise AssertionError
shared = model.session()
def share(i):
    found[i] = shared.predict(images, names).probabilities
threads = [threading.Thread(target=share, args=(i,)) for i in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert all(np.array_equal(p, result.probabilities) for p in found)
try:
    bnn.Model("nothing.safetensors")
except bnn.Error as error:
    assert error.status == 5 and "nothing.safetensors" in str(error)
else:
    raise AssertionError
print("good")
)py");
  const ProgramRun run =
      shell(tiny.path(), "PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=" + source_directory() +
                             "/src/embedding BNN_LIBRARY=" + binary_directory() + "/libbnn.so.0 " +
                             python() + " check.py");
  CHECK(run.out == "good\n");
}

TEST_CASE("the library shows the functions of bnn.h alone") {
  if (!has_command("nm --version")) return;
  const ProgramRun run = shell("/", "nm -D --defined-only " + binary_directory() + "/libbnn.so");
  std::size_t functions = 0;
  for (const std::string& line : lines_of(run.out)) {
    CAPTURE(line);
    CHECK((line.find(" bnn_") != std::string::npos || line.find(" A BNN_0") != std::string::npos));
    functions += line.find(" T bnn_") != std::string::npos ? 1u : 0u;
  }
  CHECK(functions == 13);
}

}  // namespace bnn::testing
