// bnn-fuzz-seeds FOLDER: writes seeds to FOLDER/TARGET/NUMBER.

#include "seeds/seeds.h"

#include <cstdio>
#include <filesystem>
#include <map>

int main(int count, char** words) {
  if (count != 2) {
    std::fprintf(stderr, "usage: bnn-fuzz-seeds FOLDER\n");
    return 2;
  }
  const std::filesystem::path folder = words[1];
  std::map<std::string, int> numbers;
  const auto add = [&](const std::string& target, const bnn::testing::Bytes& input) {
    std::filesystem::create_directories(folder / target);
    const std::string name = "seed-" + std::to_string(++numbers[target]);
    bnn::testing::write_bytes((folder / target / name).string(), input);
  };
  bnn::fuzzing::add_text_seeds(add);
  bnn::fuzzing::add_data_seeds(add);
  bnn::fuzzing::add_image_seeds(add);
  bnn::fuzzing::add_tensor_seeds(add);
  return 0;
}
