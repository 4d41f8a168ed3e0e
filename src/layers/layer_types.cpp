#include "layer_types.h"

#include "bnn/layers/activation.h"
#include "bnn/layers/batch_normalization.h"
#include "bnn/layers/conv2d.h"
#include "bnn/layers/dense.h"
#include "bnn/layers/dropout.h"
#include "bnn/layers/example_normalization.h"
#include "bnn/layers/flatten.h"
#include "bnn/layers/merge.h"
#include "bnn/layers/pool2d.h"
#include "bnn/layers/prelu.h"
#include "bnn/layers/upsampling2d.h"
#include "bnn/layers/zero_padding2d.h"

namespace bnn {
namespace {

// The reader of a type's options, for types that share a reader with an argument.
template <auto kRead, auto... kArguments>
LayerOptions read(ObjectReader& reader) {
  return LayerOptions(kRead(reader, kArguments...));
}

}  // namespace

const std::vector<LayerType>& layer_type_list() {
  using Format = DataFormatKey;
  static const std::vector<LayerType> list = {
      {"conv2d_flipout", read<read_conv2d, WeightsKind::flipout>, Format::with_default, true},
      {"conv2d_reparameterization", read<read_conv2d, WeightsKind::reparameterization>,
       Format::with_default, true},
      {"conv2d_local_reparameterization", read<read_conv2d, WeightsKind::local_reparameterization>,
       Format::with_default, true},
      {"dense_flipout", read<read_dense, WeightsKind::flipout>, Format::none, true},
      {"dense_reparameterization", read<read_dense, WeightsKind::reparameterization>, Format::none,
       true},
      {"dense_local_reparameterization", read<read_dense, WeightsKind::local_reparameterization>,
       Format::none, true},
      {"conv2d", read<read_conv2d, WeightsKind::deterministic>, Format::with_default, true},
      {"dense", read<read_dense, WeightsKind::deterministic>, Format::none, true},
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
  return list;
}

}  // namespace bnn
