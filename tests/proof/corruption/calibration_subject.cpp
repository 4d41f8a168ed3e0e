// Temperatures and conformal scores: JSON whose last key is the digest of the text before it.

#include <array>
#include <cstdio>
#include <zlib.h>

#include "bnn/checkpoint/calibration_file.h"
#include "json_mutation.h"
#include "predict.h"
#include "subject.h"
#include "tensor_file.h"

namespace bnn::proof {
namespace {

std::string with_digest(std::string text) {
  constexpr std::string_view kBefore = ",\"digest\":\"";
  const std::size_t end = text.rfind(kBefore);
  if (end == std::string::npos) return text;
  text.resize(end);
  const uLong crc =
      crc32(0, reinterpret_cast<const Bytef*>(text.data()), static_cast<uInt>(text.size()));
  std::array<char, 9> digits{};
  std::snprintf(digits.data(), digits.size(), "%08lx", crc);
  return text.append(kBefore).append("crc32:").append(digits.data()).append("\"}\n");
}

class CalibrationSubject : public Subject {
 public:
  CalibrationSubject(const std::string& checkpoint, const std::string& folder)
      : mutant_(folder + "/mutant"), first_(folder + "/first.json"), again_(folder + "/again") {
    models_.push_back(load_model(checkpoint, 1));
    good_ = read_bytes(calibration_path(checkpoint));
    base_ = parse_tree(good_);
  }

  std::string forged(Random& random) const override {
    JsonNode document = base_;
    for (std::size_t i = some_changes(random); i > 0; --i) mutate_json(document, random);
    return with_digest(text_of(document) + '\n');
  }

  std::string sealed_again(const std::string& bytes) const override { return with_digest(bytes); }

  Verdict judge(const std::string& bytes, bool damaged) override {
    const ModelCheckpoint& model = models_.front();
    write_bytes(calibration_path(mutant_), bytes);
    Calibration calibration;
    const auto read = [&](const std::string& of) {
      return read_calibration(of, model.digest, model.graph.outputs());
    };
    return judge_reader(
        ErrorKind::checkpoint, calibration_path(mutant_), bytes.size(),
        [&] { calibration = read(mutant_); },
        [&] {
          if (damaged) return Verdict{End::accepted, "a damaged calibration is accepted"};
          write_calibration(first_, calibration);
          write_bytes(calibration_path(again_), read_bytes(first_));
          write_calibration(first_, read(again_));
          if (read_bytes(first_) != read_bytes(calibration_path(again_))) {
            return Verdict{End::accepted, "saved twice, its bytes differ"};
          }
          return use(model, calibration);
        });
  }

 private:
  Verdict use(const ModelCheckpoint& model, const Calibration& calibration) const {
    PredictionSpec spec = prediction_spec({}, model);
    spec.mean_weights = calibration.mean_weights;
    for (const auto& [score, table] : calibration.scores) {
      const AppliedCalibration applied =
          apply_calibration({.temperature = true, .conformal = 0.9, .conformal_score = score},
                            mutant_, model, spec, [](const std::string&) {});
      const Verdict verdict = predict(models_, applied);
      if (verdict.end != End::accepted || !verdict.wrong.empty()) return verdict;
    }
    return {End::accepted};
  }

  std::string mutant_, first_, again_;
  std::vector<ModelCheckpoint> models_;
  JsonNode base_;
};

}  // namespace

std::unique_ptr<Subject> calibration_subject(const std::string& checkpoint,
                                             const std::string& folder) {
  return std::make_unique<CalibrationSubject>(checkpoint, folder);
}

}  // namespace bnn::proof
