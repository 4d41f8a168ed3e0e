#pragma once
// A page of its own: the frame around sections, with the looks of the report. It needs no other
// file, no network and no script. Thread-safe: no state.

#include <string>

#include "bnn/report/markup.h"

namespace bnn {

/// @param title plain text
/// @param body what stands in <main>
std::string html_page(const std::string& title, const Markup& body);

}  // namespace bnn
