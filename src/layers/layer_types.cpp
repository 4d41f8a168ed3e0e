#include "layer_types.h"

#include "bnn/layers/activation.h"
#include "bnn/layers/batch_normalization.h"
#include "bnn/layers/conv2d.h"
#include "bnn/layers/conv2d_transpose.h"
#include "bnn/layers/dense.h"
#include "bnn/layers/depthwise_conv2d.h"
#include "bnn/layers/dropout.h"
#include "bnn/layers/example_normalization.h"
#include "bnn/layers/flatten.h"
#include "bnn/layers/merge.h"
#include "bnn/layers/pool2d.h"
#include "bnn/layers/prelu.h"
#include "bnn/layers/separable_conv2d.h"
#include "bnn/layers/upsampling2d.h"
#include "bnn/layers/zero_padding2d.h"

namespace bnn {
namespace {

// The reader of a type's options, for types that share a reader with an argument.
template <auto kRead, auto... kArguments>
LayerOptions read(ObjectReader& reader) {
  return LayerOptions(kRead(reader, kArguments...));
}

// The types of a layer with weights: one for each estimator that has a name of its own, and one
// without a posterior.
template <auto kRead>
std::vector<LayerType> weighted(const std::string& name, DataFormatKey format) {
  return {
      {name + "_flipout", read<kRead, WeightsKind::flipout>, format, true},
      {name + "_reparameterization", read<kRead, WeightsKind::reparameterization>, format, true},
      {name + "_local_reparameterization", read<kRead, WeightsKind::local_reparameterization>,
       format, true},
      {name, read<kRead, WeightsKind::deterministic>, format, true}};
}

std::vector<LayerType> all_types() {
  using Format = DataFormatKey;
  std::vector<LayerType> list;
  for (const std::vector<LayerType>& types :
       {weighted<read_conv2d>("conv2d", Format::with_default),
        weighted<read_depthwise_conv2d>("depthwise_conv2d", Format::with_default),
        weighted<read_separable_conv2d>("separable_conv2d", Format::with_default),
        weighted<read_conv2d_transpose>("conv2d_transpose", Format::with_default),
        weighted<read_dense>("dense", Format::none)}) {
    list.insert(list.end(), types.begin(), types.end());
  }
  const std::vector<LayerType> others = {
      {"max_pooling2d", read<read_pool2d, PoolKind::maximum>, Format::with_default},
      {"average_pooling2d", read<read_pool2d, PoolKind::average>, Format::with_default},
      {"global_average_pooling2d", read<read_global_average_pool2d>, Format::optional},
      {"zero_padding2d", read<read_zero_padding2d>, Format::optional},
      {"upsampling2d", read<read_upsampling2d>, Format::optional},
      {"flatten", read<read_flatten>, Format::optional},
      {"activation", read<read_activation_layer>},
      {"prelu", read<read_prelu>},
      {"add", read<read_add>},
      {"multiply", read<read_multiply>},
      {"concatenate", read<read_concatenate>},
      {"dropout", read<read_dropout, DropoutUnit::number>},
      {"spatial_dropout2d", read<read_dropout, DropoutUnit::channel>, Format::optional},
      {"batch_normalization", read<read_batch_normalization>},
      {"group_normalization", read<read_group_normalization>},
      {"filter_response_normalization", read<read_filter_response_normalization>},
  };
  list.insert(list.end(), others.begin(), others.end());
  return list;
}

}  // namespace

const std::vector<LayerType>& layer_type_list() {
  static const std::vector<LayerType> list = all_types();
  return list;
}

}  // namespace bnn
