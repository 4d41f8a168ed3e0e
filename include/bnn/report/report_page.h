#pragma once
// The report of an evaluation as one HTML page for people: it needs no other file, no network and
// no script, follows the reader's light or dark theme, and can be printed.
//
// Each section stands in a function of its own, which returns "" if there is nothing to show. A
// page is a function of its arguments alone: no date, no path, the same bytes on any number of
// threads. Thread-safe: no state.

#include <cstdint>
#include <string>
#include <vector>

#include "bnn/data/dataset.h"
#include "bnn/infer/evaluation.h"
#include "bnn/report/report_collector.h"
#include "bnn/report/report_history.h"
#include "bnn/report/report_posterior.h"

namespace bnn {

/// What was evaluated, in names without folders.
struct ReportSource {
  std::string model, checkpoint;
  std::string data;  // "test split: t10k-images-idx3-ubyte.gz"
  std::uint64_t seed = 0;
  bool mean_weights = false;  // one pass with the posterior's means
};

/// A card's text and its image as a data: address.
struct GalleryImage {
  GalleryCard card;
  std::string address;
};

struct Gallery {
  std::string title, note;  // plain text
  std::vector<GalleryImage> images;
};

/// The cards of a picker with their images.
Gallery make_gallery(const std::string& title, const std::string& note, const GalleryPicker& picker,
                     const Dataset& data);

/// Everything that a page shows; what is empty has no section.
struct ReportContents {
  ReportSource source;
  Evaluation evaluation;
  std::vector<ExampleScore> inside, outside;
  std::vector<Gallery> galleries;
  PosteriorReport posterior;
  TrainingHistory history;
};

std::string report_page(const ReportContents& contents);

// The parts of the page, in their order.
std::string report_style();  // the text of <style>
std::string overview_header(const ReportContents& contents);
std::string metrics_section(const Evaluation& evaluation);
std::string calibration_section(const Evaluation& evaluation);
std::string uncertainty_section(const ReportContents& contents);
std::string galleries_section(const ReportContents& contents);
std::string classes_section(const Evaluation& evaluation);
std::string corruption_section(const Evaluation& evaluation);
std::string sweeps_section(const Evaluation& evaluation);
std::string training_section(const TrainingHistory& history);

/// Figure and table of risk_coverage.h; "" without examples.
std::string risk_coverage_figure(const Metrics& metrics);
std::string risk_coverage_table(const Evaluation& evaluation);

}  // namespace bnn
