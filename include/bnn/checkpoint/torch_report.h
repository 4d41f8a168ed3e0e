#pragma once
// What a start from weights of PyTorch took and what it did not, as sentences for log and errors.
// Not thread-safe.

#include <cstddef>
#include <string>
#include <vector>

#include "bnn/checkpoint/torch_layer.h"

namespace bnn {

class TorchReport {
 public:
  void took(const TorchTarget& target, const TorchFilling& filling);
  /// A layer whose module does not fit.
  void refused(const TorchTarget& target, const std::string& reason);
  /// A layer without a module.
  void missed(const TorchTarget& target);
  /// A module without a layer.
  void left_out(const std::string& module) { left_out_.push_back(module); }

  bool is_empty() const { return layers_ == 0; }
  /// @param source names the file; @param tensors that it has
  std::vector<std::string> sentences(const std::string& source, std::size_t tensors) const;
  /// Why nothing was taken, in short.
  std::string reasons() const;

 private:
  std::vector<std::string> what_is_left(std::size_t most) const;

  std::size_t layers_ = 0, tensors_ = 0, folded_ = 0;
  std::vector<std::string> reordered_, other_epsilon_, refused_, missed_, left_out_;
};

}  // namespace bnn
