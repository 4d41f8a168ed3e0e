// Opens a checkpoint with libbnn, predicts and closes it, on several threads, for as long as
// standard input is open. Prints the number of rounds twenty times a second. Another bit than in
// the first round ends it with code 1.
//
//     bnn-proof-soak CHECKPOINT THREADS

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <thread>
#include <unistd.h>
#include <vector>

#include "bnn.hpp"

namespace {

constexpr std::size_t kImages = 4;

struct Work {
  std::string checkpoint;
  std::atomic<bool> goes_on{true}, is_right{true};
  std::atomic<long> rounds{0};
};

std::vector<double> predict(const bnn::Model& model, int threads) {
  std::vector<std::uint8_t> images(kImages * model.image_size());
  for (std::size_t i = 0; i < images.size(); ++i) images[i] = static_cast<std::uint8_t>(i * 37);
  bnn::Session session(model, {threads, 2, false, std::nullopt, 1});
  return session.predict(images.data(), kImages).probabilities;
}

// A file that is none is refused, and leaves nothing behind either.
bool refuses(const std::string& path) {
  try {
    bnn::Model model(path);
  } catch (const bnn::Error&) {
    return true;
  }
  return false;
}

void work_in_rounds(Work& work, const bnn::Model& shared, const std::vector<double>& expected) {
  for (int round = 0; work.goes_on; ++round) {
    const bnn::Model own(work.checkpoint);
    const bool is_same = predict(own, 1 + round % 2) == expected && predict(shared, 1) == expected;
    if (!is_same || !refuses("/dev/null")) work.is_right = false;
    ++work.rounds;
  }
}

void print_rounds(Work& work) {
  while (work.goes_on && work.is_right) {
    std::printf("%ld\n", work.rounds.load());
    std::fflush(stdout);
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

int run(const char* checkpoint, int threads) {
  Work work;
  work.checkpoint = checkpoint;
  const bnn::Model shared(work.checkpoint);
  const std::vector<double> expected = predict(shared, 1);
  std::vector<std::thread> workers;
  for (int i = 0; i < threads; ++i) {
    workers.emplace_back([&] { work_in_rounds(work, shared, expected); });
  }
  workers.emplace_back([&] { print_rounds(work); });
  for (char c = 0; read(STDIN_FILENO, &c, 1) > 0;) {
  }
  work.goes_on = false;
  for (std::thread& worker : workers) worker.join();
  return work.is_right ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  try {
    return run(argv[1], std::atoi(argv[2]));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bnn-proof-soak: error: %s\n", error.what());
    return 1;
  }
}
