#pragma once
// What a report with pictures needs beyond the metrics: the scores of every example, and the few
// examples that are worth looking at. Both are gathered while the summaries of the examples go by.
//
// Memory: 48 bytes per example and kGalleryCards cards per gallery. Among equal scores the lowest
// index of an example wins, so that the result does not depend on the order of calls.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "bnn/infer/summary.h"

namespace bnn {

constexpr std::size_t kGalleryCards = 12;

struct ExampleScore {
  double confidence = 0;
  double predictive_entropy = 0;
  double mutual_information = 0;
  bool correct = false;
  double energy = kUndefined, mahalanobis = kUndefined;  // of outlier_scores.h
};

/// The probability of one class, and its standard deviation over the samples.
struct ClassShare {
  int label = 0;
  double probability = 0, deviation = 0;
};

/// One image of a gallery.
struct GalleryCard {
  std::uint32_t example = 0;  // dataset index
  std::optional<int> label = {};
  int predicted = 0;
  double confidence = 0;
  double predictive_entropy = 0, mutual_information = 0;
  std::vector<ClassShare> top = {};  // the most probable classes, and the label wherever it stands
};

/// Keeps the kGalleryCards examples of the highest scores.
class GalleryPicker {
 public:
  void offer(double score, const Summary& summary, std::uint32_t example, std::optional<int> label);
  /// Highest score first.
  std::vector<GalleryCard> cards() const;

 private:
  struct Entry {
    double score;
    GalleryCard card;
  };
  static bool is_before(const Entry& a, const Entry& b);

  std::vector<Entry> entries_;  // a heap with the lowest entry in front
};

/// Not thread-safe.
class ReportCollector {
 public:
  /// A labelled example of the evaluation.
  void add(const Summary& summary, std::uint32_t example, int label);
  /// An example out of distribution; its label does not matter.
  void add_outside(const Summary& summary, std::uint32_t example);

  const std::vector<ExampleScore>& inside() const { return inside_; }
  const std::vector<ExampleScore>& outside() const { return outside_; }
  const GalleryPicker& certain_and_wrong() const { return certain_and_wrong_; }
  const GalleryPicker& most_uncertain() const { return most_uncertain_; }
  /// Examples on which the samples disagree at all.
  const GalleryPicker& most_disputed() const { return most_disputed_; }
  const GalleryPicker& outside_certain() const { return outside_certain_; }

 private:
  std::vector<ExampleScore> inside_, outside_;
  GalleryPicker certain_and_wrong_, most_uncertain_, most_disputed_, outside_certain_;
};

}  // namespace bnn
