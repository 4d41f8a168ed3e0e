#pragma once
// The section of images worth a look.

#include <string>
#include <vector>

#include "bnn/data/dataset.h"
#include "bnn/report/report_collector.h"
#include "bnn/report/report_section.h"

namespace bnn {

/// A card's text, its image as a data: address, and for image files the name with the folder.
struct GalleryImage {
  GalleryCard card;
  std::string address, file;
};

struct Gallery {
  std::string title, note;  // plain text
  std::vector<GalleryImage> images;
};

/// The cards of a picker with their images.
Gallery make_gallery(const std::string& title, const std::string& note, const GalleryPicker& picker,
                     const Dataset& data);

ReportSection galleries_section(const std::vector<Gallery>& galleries,
                                const std::vector<std::string>& class_names);

}  // namespace bnn
