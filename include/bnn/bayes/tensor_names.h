#pragma once
// How the tensors of a checkpoint are named.
//
// A variable of the network has its own name, "<layer>/kernel_posterior_loc". An array of the
// optimizer's state has one tensor for each variable, "optimizer/<array>/<variable>". No layer's
// name may begin with "optimizer/", because the two kinds of names must differ. Only this header
// contains that prefix.

#include <string>
#include <string_view>

namespace bnn {

inline constexpr std::string_view kOptimizerPrefix = "optimizer/";

/// The tensor that holds an optimizer's array `array` for `variable`.
std::string optimizer_tensor_name(std::string_view array, std::string_view variable);

/// True for every name that no variable may have because of these.
bool is_optimizer_tensor_name(std::string_view name);

/// The array's name within such a name, or "".
std::string_view optimizer_array_of(std::string_view name);

}  // namespace bnn
