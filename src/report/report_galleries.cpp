#include <algorithm>
#include <span>

#include "bnn/core/display_text.h"
#include "bnn/report/html_text.h"
#include "bnn/report/png_data_uri.h"
#include "bnn/report/report_page.h"
#include "bnn/report/svg_elements.h"

namespace bnn {
namespace {

using Names = std::vector<std::string>;

std::string name_of(const Names& class_names, int label) {
  return class_text(class_names, static_cast<std::size_t>(label));
}

std::string alternative_text(const GalleryCard& card, const Names& class_names) {
  const std::string label =
      card.label ? ": " + short_name(name_of(class_names, *card.label)) + ", " : ", ";
  return "Image " + std::to_string(card.example) + label + "predicted " +
         short_name(name_of(class_names, card.predicted)) + " with probability " +
         fixed(card.confidence, 3);
}

// The bar of the mean over the samples, and around its end the standard deviation.
std::string share_row(const ClassShare& share, const GalleryCard& card, const Names& class_names) {
  const bool is_label = card.label && *card.label == share.label;
  const std::string mark = !card.label                     ? "out"
                           : is_label                      ? "right"
                           : share.label == card.predicted ? "wrong"
                                                           : "soft";
  const double low = std::max(share.probability - share.deviation, 0.0);
  const double high = std::min(share.probability + share.deviation, 1.0);
  return "<li class=\"" + mark + "\"><span class=\"who\">" +
         html_name(name_of(class_names, share.label)) + (is_label ? "&nbsp;✓" : "") +
         "</span><span class=\"much\">" + fixed(share.probability, 2) + " ± " +
         fixed(share.deviation, 2) +
         "</span><i class=\"share\" style=\"--p:" + css_percent(share.probability) +
         ";--a:" + css_percent(low) + ";--w:" + css_percent(high - low) + "\"></i></li>";
}

std::string verdict(const GalleryCard& card, const Names& class_names) {
  const std::string predicted = html_name(name_of(class_names, card.predicted));
  if (!card.label) return "taken for <b>" + predicted + "</b>";
  const std::string label = html_name(name_of(class_names, *card.label));
  if (*card.label == card.predicted) return "<b>" + label + "</b>, as predicted";
  return "<b>" + label + "</b>, taken for <b>" + predicted + "</b>";
}

std::string card_html(const GalleryImage& image, const Names& class_names) {
  const GalleryCard& card = image.card;
  std::string html = "<li class=\"card\"><img src=\"" + image.address + "\" alt=\"" +
                     escaped_markup(alternative_text(card, class_names)) + "\">\n<p>" +
                     verdict(card, class_names) + "</p>\n<ul>";
  for (const ClassShare& share : card.top) html += share_row(share, card, class_names);
  return html + "</ul>\n<p class=\"soft\">entropy " + fixed(card.predictive_entropy, 3) + " · MI " +
         fixed(card.mutual_information, 3) + "<br>image " + std::to_string(card.example) +
         "</p></li>\n";
}

}  // namespace

Gallery make_gallery(const std::string& title, const std::string& note, const GalleryPicker& picker,
                     const Dataset& data) {
  Gallery gallery{title, note, {}};
  for (const GalleryCard& card : picker.cards()) {
    const std::span<const std::uint8_t> pixels(data.image(card.example), data.shape.size());
    gallery.images.push_back({card, png_data_uri(data.shape, pixels)});
  }
  return gallery;
}

std::string galleries_section(const ReportContents& contents) {
  std::string body;
  for (const Gallery& gallery : contents.galleries) {
    if (gallery.images.empty()) continue;
    body += "<h3>" + escaped_markup(gallery.title) + "</h3>\n<p>" + escaped_markup(gallery.note) +
            "</p>\n<ul class=\"gallery\">\n";
    for (const GalleryImage& image : gallery.images) {
      body += card_html(image, contents.evaluation.class_names);
    }
    body += "</ul>\n";
  }
  if (body.empty()) return "";
  return html_section(
      {"images", "Images worth a look",
       "<p>Beside each class its probability, the mean over the samples of the weights, and its "
       "standard deviation over them: the bar and the line around its end. ✓ marks the label. "
       "The predictive entropy is all of the doubt, MI, the mutual information, the part of it in "
       "the model, both in nats.</p>\n" +
           body});
}

}  // namespace bnn
