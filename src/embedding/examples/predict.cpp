// Predicts raw images on several threads that share one model, and prints the ones that the network
// is least sure of.
//
//     ./predict_threads last.safetensors images.raw
//
// The file holds images as the model expects them, one after the other: [row][column][channel].

#include <algorithm>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <numeric>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <bnn.hpp>

namespace {

std::vector<std::uint8_t> read_file(const char* path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error(std::string(path) + ": cannot read");
  return {std::istreambuf_iterator<char>(file), {}};
}

// Image i goes to thread i * threads / n. Every thread has a session of its own.
std::vector<double> entropies(const bnn::Model& model, const std::vector<std::uint8_t>& images) {
  constexpr std::size_t kThreads = 2;
  const std::size_t size = model.image_size(), n = images.size() / size;
  std::vector<double> all(n);
  std::vector<std::exception_ptr> problems(kThreads);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      try {
        const std::size_t first = t * n / kThreads, last = (t + 1) * n / kThreads;
        bnn::Session session(model);
        const bnn::Predictions part = session.predict(images.data() + first * size, last - first);
        std::copy(part.predictive_entropy.begin(), part.predictive_entropy.end(),
                  all.begin() + static_cast<std::ptrdiff_t>(first));
      } catch (...) {
        problems[t] = std::current_exception();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::exception_ptr& problem : problems) {
    if (problem) std::rethrow_exception(problem);
  }
  return all;
}

void print_least_sure(const std::vector<double>& entropy) {
  std::vector<std::size_t> order(entropy.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return entropy[a] > entropy[b]; });
  for (std::size_t i = 0; i < std::min<std::size_t>(order.size(), 5); ++i) {
    std::printf("image %zu: predictive entropy %.17g\n", order[i], entropy[order[i]]);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: predict_threads CHECKPOINT IMAGES\n");
    return 2;
  }
  try {
    const bnn::Model model(argv[1]);
    print_least_sure(entropies(model, read_file(argv[2])));
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "predict_threads: %s\n", error.what());
    return 1;
  }
}
