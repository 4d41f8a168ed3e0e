#include "targets/targets.h"

#include <array>

#include "mend.h"

namespace bnn::fuzzing {

std::span<const Target> all_targets() {
  static constexpr std::array kTargets = {
      Target{"json", fuzz_json},
      Target{"override", fuzz_override},
      Target{"path_list", fuzz_path_list},
      Target{"class_names", fuzz_class_names},
      Target{"torch_map", fuzz_torch_map},
      Target{"config", fuzz_config},
      Target{"onnx", fuzz_onnx},
      Target{"safetensors", fuzz_safetensors, mend_header_length},
      Target{"torch", fuzz_torch, mend_header_length},
      Target{"checkpoint", fuzz_checkpoint, mend_checkpoint},
      Target{"features", fuzz_features, mend_checkpoint},
      Target{"evaluation_part", fuzz_evaluation_part, mend_checkpoint},
      Target{"library", fuzz_library, mend_checkpoint},
      Target{"calibration", fuzz_calibration, mend_calibration},
      Target{"events", fuzz_events, mend_events},
      Target{"metrics", fuzz_metrics},
      Target{"cifar", fuzz_cifar},
      Target{"idx", fuzz_idx},
      Target{"csv", fuzz_csv},
      Target{"class_folders", fuzz_class_folders},
      Target{"png", fuzz_image, mend_png},
      Target{"jpeg", fuzz_image},
      Target{"webp", fuzz_image},
      Target{"tiff", fuzz_image},
      Target{"gif", fuzz_image},
      Target{"bmp", fuzz_image},
      Target{"exif", fuzz_exif},
      Target{"control", fuzz_control},
  };
  return kTargets;
}

}  // namespace bnn::fuzzing
