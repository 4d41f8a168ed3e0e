#include "bnn/report/report_galleries.h"

#include <algorithm>
#include <span>

#include "bnn/core/display_text.h"
#include "bnn/data/class_names.h"
#include "bnn/report/html_text.h"
#include "bnn/report/png_data_uri.h"

namespace bnn {
namespace {

using Names = std::vector<std::string>;

std::string name_of(const Names& class_names, int label) {
  return class_text(class_names, static_cast<std::size_t>(label));
}

std::string alternative_text(const GalleryCard& card, const Names& class_names) {
  const std::string label = card.label ? ": " + short_name(name_of(class_names, *card.label)) : "";
  return fmt::format("Image {}{}, predicted {} with probability {}", card.example, label,
                     short_name(name_of(class_names, card.predicted)), fixed(card.confidence, 3));
}

// The bar of the mean over the samples, and around its end the standard deviation.
Markup share_row(const ClassShare& share, const GalleryCard& card, const Names& class_names) {
  const bool is_label = card.label && *card.label == share.label;
  const std::string mark = !card.label                     ? "out"
                           : is_label                      ? "right"
                           : share.label == card.predicted ? "wrong"
                                                           : "soft";
  const double low = std::max(share.probability - share.deviation, 0.0);
  const double high = std::min(share.probability + share.deviation, 1.0);
  return markup(
      "<li class=\"{}\"><span class=\"who\">{}{}</span><span class=\"much\">{} ± {}</span><i "
      "class=\"share\" style=\"--p:{};--a:{};--w:{}\"></i></li>",
      mark, html_name(name_of(class_names, share.label)), is_label ? Markup("&nbsp;✓") : Markup(),
      fixed(share.probability, 2), fixed(share.deviation, 2), css_percent(share.probability),
      css_percent(low), css_percent(high - low));
}

Markup verdict(const GalleryCard& card, const Names& class_names) {
  const Markup predicted = html_name(name_of(class_names, card.predicted));
  if (!card.label) return markup("taken for <b>{}</b>", predicted);
  const Markup label = html_name(name_of(class_names, *card.label));
  if (*card.label == card.predicted) return markup("<b>{}</b>, as predicted", label);
  return markup("<b>{}</b>, taken for <b>{}</b>", label, predicted);
}

// "cat/7.png" of an image file; "" for one of many in a data file.
std::string file_of(const Provenance& provenance, std::size_t example) {
  if (!provenance.has_stream_names()) return "";
  const std::string& name = provenance.file_of(example).name;
  const std::size_t slash = name.rfind('/');
  if (slash == std::string::npos || slash == 0) return name;
  return name.substr(name.rfind('/', slash - 1) + 1);
}

Markup card_markup(const GalleryImage& image, const Names& class_names) {
  const GalleryCard& card = image.card;
  Markup shares;
  for (const ClassShare& share : card.top) shares += share_row(share, card, class_names);
  // An open <details> shows its picture over the whole window (report_style.cpp).
  return markup(
      "<li class=\"card\"><details class=\"zoom\" name=\"zoom\"><summary><img src=\"{}\" "
      "alt=\"{}\"></summary></details>\n<p>{}</p>\n<ul>{}</ul>\n<p "
      "class=\"soft\">entropy {} · MI {}<br>image {}{}</p></li>\n",
      image.address, alternative_text(card, class_names), verdict(card, class_names), shares,
      fixed(card.predictive_entropy, 3), fixed(card.mutual_information, 3), card.example,
      image.file.empty() ? Markup() : markup("<br>{}", html_name(image.file)));
}

}  // namespace

Gallery make_gallery(const std::string& title, const std::string& note, const GalleryPicker& picker,
                     const Dataset& data) {
  Gallery gallery{title, note, {}};
  for (const GalleryCard& card : picker.cards()) {
    gallery.images.push_back({card, png_data_uri(data.shape(), data.image(card.example)),
                              file_of(data.provenance(), card.example)});
  }
  return gallery;
}

ReportSection galleries_section(const std::vector<Gallery>& galleries, const Names& class_names) {
  Markup body;
  for (const Gallery& gallery : galleries) {
    if (gallery.images.empty()) continue;
    body += markup("<h3>{}</h3>\n<p>{}</p>\n<ul class=\"gallery\">\n", gallery.title, gallery.note);
    for (const GalleryImage& image : gallery.images) body += card_markup(image, class_names);
    body += "</ul>\n";
  }
  const Markup legend =
      "<p>Each class is shown with its probability, the mean over the samples of the weights, and "
      "with the standard deviation over them: the bar and the line around its end. ✓ marks the "
      "label. The predictive entropy is the whole uncertainty. MI, the mutual information, is the "
      "part of it in the model. Both are in nats. A click on an image, or Enter, enlarges it; a "
      "second one closes it.</p>\n";
  return {"images", "Images", "Images worth a look", body.empty() ? body : legend + body};
}

}  // namespace bnn
