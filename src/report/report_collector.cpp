#include "bnn/report/report_collector.h"

#include <algorithm>

namespace bnn {
namespace {

constexpr std::size_t kTopClasses = 3;

ExampleScore score_of(const Summary& summary, bool correct) {
  return {summary.confidence, summary.predictive_entropy, summary.mutual_information, correct,
          summary.energy,     summary.mahalanobis};
}

std::vector<ClassShare> top_classes(const Summary& summary, std::optional<int> label) {
  std::vector<std::size_t> order = most_probable(summary.probabilities, kTopClasses);
  if (label) {
    const auto index = static_cast<std::size_t>(*label);
    if (std::find(order.begin(), order.end(), index) == order.end()) order.push_back(index);
  }
  std::vector<ClassShare> top;
  for (const std::size_t k : order) {
    top.push_back({static_cast<int>(k), summary.probabilities[k], summary.probabilities_std[k]});
  }
  return top;
}

}  // namespace

bool GalleryPicker::is_before(const Entry& a, const Entry& b) {
  return a.score != b.score ? a.score > b.score : a.card.example < b.card.example;
}

void GalleryPicker::offer(double score, const Summary& summary, std::uint32_t example,
                          std::optional<int> label) {
  Entry entry{score, {.example = example, .label = label}};
  if (entries_.size() == kGalleryCards) {
    if (!is_before(entry, entries_.front())) return;
    std::pop_heap(entries_.begin(), entries_.end(), is_before);
    entries_.pop_back();
  }
  entry.card.predicted = summary.predicted;
  entry.card.confidence = summary.confidence;
  entry.card.predictive_entropy = summary.predictive_entropy;
  entry.card.mutual_information = summary.mutual_information;
  entry.card.top = top_classes(summary, label);
  entries_.push_back(std::move(entry));
  std::push_heap(entries_.begin(), entries_.end(), is_before);
}

std::vector<GalleryCard> GalleryPicker::cards() const {
  std::vector<Entry> sorted = entries_;
  std::sort(sorted.begin(), sorted.end(), is_before);
  std::vector<GalleryCard> cards;
  for (Entry& entry : sorted) cards.push_back(std::move(entry.card));
  return cards;
}

void ReportCollector::add(const Summary& summary, std::uint32_t example, int label) {
  const bool correct = summary.predicted == label;
  inside_.push_back(score_of(summary, correct));
  if (!correct) certain_and_wrong_.offer(summary.confidence, summary, example, label);
  most_uncertain_.offer(summary.predictive_entropy, summary, example, label);
  if (summary.mutual_information > 0) {
    most_disputed_.offer(summary.mutual_information, summary, example, label);
  }
}

void ReportCollector::add_outside(const Summary& summary, std::uint32_t example) {
  outside_.push_back(score_of(summary, false));
  outside_certain_.offer(summary.confidence, summary, example, std::nullopt);
}

}  // namespace bnn
