#include "bnn/output/corruption_output.h"

#include <map>

#include "bnn/core/display_text.h"

namespace bnn {
namespace {

std::string cell(double value) { return right_aligned(fixed(value, 4), 9); }

std::string table(const std::string& name, double clean,
                  const std::vector<CorruptionResult>& results, double CorruptionResult::*value) {
  const std::vector<CorruptionResult> means = severity_means(results);
  std::string text = "  " + fitted(name, 19) + right_aligned("0", 9);
  for (const CorruptionResult& mean : means) {
    text += right_aligned(std::to_string(mean.severity), 9);
  }
  std::string row_name;
  for (const CorruptionResult& result : results) {
    if (result.corruption != row_name) {
      row_name = result.corruption;
      text += "\n  " + fitted(row_name, 19) + cell(clean);
    }
    text += cell(result.*value);
  }
  text += "\n  " + fitted("mean", 19) + cell(clean);
  for (const CorruptionResult& mean : means) text += cell(mean.*value);
  return text + "\n";
}

}  // namespace

std::vector<CorruptionResult> severity_means(const std::vector<CorruptionResult>& results) {
  struct Sum {
    double accuracy = 0, nll = 0, ece = 0, count = 0;
  };
  std::map<int, Sum> sums;
  for (const CorruptionResult& result : results) {
    Sum& sum = sums[result.severity];
    sum.accuracy += result.accuracy;
    sum.nll += result.nll;
    sum.ece += result.ece;
    sum.count += 1;
  }
  std::vector<CorruptionResult> means;
  for (const auto& [severity, sum] : sums) {
    means.push_back(
        {"mean", severity, sum.accuracy / sum.count, sum.nll / sum.count, sum.ece / sum.count});
  }
  return means;
}

Json corruption_list_json(const std::vector<CorruptionResult>& results) {
  Json list = Json::array();
  for (const CorruptionResult& result : results) {
    list.push_back({{"corruption", result.corruption},
                    {"severity", result.severity},
                    {"accuracy", result.accuracy},
                    {"nll", result.nll},
                    {"ece", result.ece}});
  }
  return list;
}

std::string corruption_tables(const Metrics& clean, const std::vector<CorruptionResult>& results) {
  return "\nCorruptions by severity, 0 being the images as they are; nll in nats\n" +
         table("accuracy", clean.accuracy, results, &CorruptionResult::accuracy) + "\n" +
         table("nll", clean.nll, results, &CorruptionResult::nll) + "\n" +
         table("ece", clean.ece, results, &CorruptionResult::ece);
}

}  // namespace bnn
