#pragma once
// What all forms of a convolution (conv2d.h) have in common. A form is immutable and holds nothing
// but the geometry; its pieces of scratch memory are cut by the constructor of one struct.

#include "bnn/layers/conv2d.h"

namespace bnn {

class Conv2dForm : public Layer {
 public:
  explicit Conv2dForm(const Conv2dGeometry& geometry) : geometry_(geometry) {}

  Shape output_shape() const final { return geometry_.output; }
  /// What the activation needs.
  std::size_t saved_size() const override {
    return needs_input(geometry_.activation) ? geometry_.output_size() : 0;
  }
  bool works_by_example() const override { return false; }
  /// One product of the kernel with every output pixel's window.
  double multiply_adds() const override {
    return static_cast<double>(geometry_.window.pixels()) *
           static_cast<double>(geometry_.kernel.size());
  }

 protected:
  Conv2dGeometry geometry_;
};

}  // namespace bnn
