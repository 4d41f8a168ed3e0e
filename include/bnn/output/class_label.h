#pragma once
// A class in JSON: its name where names are known, its index, a number, where not.

#include <cstddef>
#include <string>
#include <vector>

#include "bnn/core/json.h"
#include "bnn/data/class_names.h"

namespace bnn {

inline Json class_label(const std::vector<std::string>& class_names, int index) {
  if (class_names.size() <= static_cast<std::size_t>(index)) return Json(index);
  return Json(class_text(class_names, static_cast<std::size_t>(index)));
}

}  // namespace bnn
