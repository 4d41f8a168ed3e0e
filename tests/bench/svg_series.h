#pragma once
// How the series of a plot look: four styles, told apart by colour, dashes and markers.

#include <cstddef>
#include <string>

namespace bnn {

/// The colour of a series, and its stroke's attributes. There are four styles.
std::string series_color(std::size_t series);
std::string series_stroke(std::size_t series);

/// A square, a disc, a triangle or a diamond. The last two are larger and hollow, so that markers
/// on the same spot stay visible.
std::string series_marker(std::size_t series, double x, double y);

}  // namespace bnn
