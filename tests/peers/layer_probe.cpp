// bnn-layer-probe: runs one layer of a config forward and backward and writes outputs, KL,
// gradients and all noise that was drawn, for comparisons with other implementations (tests/peers).

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "bnn/core/error.h"
#include "bnn/core/input_file.h"
#include "bnn/core/json_reader.h"
#include "bnn/core/parse_json.h"
#include "bnn/layers/read_layer.h"
#include "bnn/math/blas.h"
#include "probed_layer.h"

namespace bnn {
namespace {

constexpr std::size_t kMaxBytes = 1 << 20;

LayerSpec read_layer_file(const std::string& path) {
  const std::vector<std::byte> bytes = InputFile(path, ErrorKind::config).read_rest(kMaxBytes);
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const Json document = parse_json(text, path, ErrorKind::config);
  Problems problems(path);
  ObjectReader reader(document, "", problems);
  LayerSpec spec = read_layer(reader);
  reader.finish();
  problems.raise_if_any(ErrorKind::config);
  return spec;
}

void run(const std::string& layer, const std::string& inputs, const std::string& outputs) {
  prepare_blas(1);
  const SafetensorsFile file = read_safetensors(inputs);
  const std::vector<Tensor> results = ProbedLayer(read_layer_file(layer), file.tensors).run();
  std::vector<TensorView> views;
  for (const Tensor& tensor : results) views.push_back({tensor.name, tensor.shape, tensor.values});
  write_safetensors(outputs, {}, views);
}

}  // namespace
}  // namespace bnn

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fputs("usage: bnn-layer-probe LAYER.json INPUTS.safetensors OUTPUTS.safetensors\n",
               stderr);
    return 2;
  }
  try {
    bnn::run(argv[1], argv[2], argv[3]);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bnn-layer-probe: error: %s\n", error.what());
    return 1;
  }
}
