#pragma once
// The functions of the targets; targets.cpp names them.

#include "target.h"

namespace bnn::fuzzing {

// text_targets.cpp
void fuzz_json(Bytes input);
void fuzz_override(Bytes input);
void fuzz_path_list(Bytes input);
void fuzz_class_names(Bytes input);
void fuzz_torch_map(Bytes input);

// config_target.cpp
void fuzz_config(Bytes input);
// onnx_target.cpp
void fuzz_onnx(Bytes input);

// tensor_targets.cpp
void fuzz_safetensors(Bytes input);
void fuzz_torch(Bytes input);
void fuzz_checkpoint(Bytes input);
void fuzz_features(Bytes input);
void fuzz_evaluation_part(Bytes input);
// library_target.cpp
void fuzz_library(Bytes input);

// run_targets.cpp
void fuzz_calibration(Bytes input);
void fuzz_events(Bytes input);
void fuzz_metrics(Bytes input);

// data_targets.cpp
void fuzz_cifar(Bytes input);
void fuzz_idx(Bytes input);
void fuzz_csv(Bytes input);
void fuzz_class_folders(Bytes input);

// image_targets.cpp
void fuzz_image(Bytes input);
void fuzz_exif(Bytes input);

// control_target.cpp
void fuzz_control(Bytes input);

}  // namespace bnn::fuzzing
