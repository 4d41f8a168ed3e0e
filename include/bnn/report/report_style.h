#pragma once
// The looks of a page and of its figures, as CSS.

#include <string>

namespace bnn {

/// All of it.
std::string report_style();

/// What a figure needs that stands alone: colours, and the classes of charts.
std::string figure_style();

}  // namespace bnn
