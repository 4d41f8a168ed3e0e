#pragma once
// The groups of micro-benchmarks, one file each. A name is part/case, as in "im2col/32x32x3_k5", so
// that a part is chosen by --benchmark_filter=^im2col/. Everything runs on one thread.

namespace bnn {

void register_gemm_benchmarks();         // matrix products of the shapes that layers make
void register_convolution_benchmarks();  // what a convolution does beside its products
void register_winograd_benchmarks();     // the transforms and products of Winograd's form
void register_layer_benchmarks();        // whole layers, a shard forward and backward
void register_pooling_benchmarks();
void register_activation_benchmarks();
void register_random_benchmarks();
void register_optimizer_benchmarks();  // what a step does for each parameter
void register_loading_benchmarks();

}  // namespace bnn
