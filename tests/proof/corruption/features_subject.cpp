// The class Gaussians of a checkpoint's features.

#include <optional>

#include "bnn/checkpoint/features_file.h"
#include "json_mutation.h"
#include "predict.h"
#include "strict_reader.h"
#include "subject.h"
#include "tensor_file.h"
#include "tensor_mutation.h"

namespace bnn::proof {
namespace {

class FeaturesSubject : public Subject {
 public:
  FeaturesSubject(const std::string& checkpoint, const std::string& folder)
      : mutant_(folder + "/mutant"), first_(folder + "/first"), second_(folder + "/second") {
    models_.push_back(load_model(checkpoint, 1));
    good_ = read_bytes(features_path(checkpoint));
    base_ = parse_tensor_file(good_);
  }

  std::string forged(Random& random) const override {
    TensorFile file = base_;
    for (std::size_t i = some_changes(random); i > 0; --i) {
      JsonNode* metadata = file.header.find("__metadata__");
      if (random.chance(60)) {
        mutate_tensors(file, random);
      } else if (JsonNode* config = metadata != nullptr ? metadata->find("config") : nullptr;
                 config != nullptr && random.chance(60)) {
        mutate_embedded(*config, random);
      } else {
        mutate_json(file.header, random);
      }
    }
    std::string bytes = bytes_of(file);
    if (random.chance(6)) mutate_bytes(bytes, random);
    return sealed(std::move(bytes));
  }

  std::string sealed_again(const std::string& bytes) const override { return sealed(bytes); }

  Verdict judge(const std::string& bytes, bool damaged) override {
    std::optional<ClassGaussians> gaussians;
    write_bytes(features_path(mutant_), bytes);
    const ModelCheckpoint& model = models_.front();
    return judge_reader(
        ErrorKind::checkpoint, features_path(mutant_), bytes.size(),
        [&] { gaussians = read_features(mutant_, model); },
        [&] {
          if (damaged) return Verdict{End::accepted, "damaged features are accepted"};
          const std::string rule = broken_rule(bytes);
          if (!rule.empty()) return Verdict{End::accepted, "accepted, although " + rule};
          write_features(first_, model.digest, *gaussians);
          write_features(second_, model.digest, *read_features(first_, model));
          if (read_bytes(features_path(first_)) != read_bytes(features_path(second_))) {
            return Verdict{End::accepted, "saved twice, its bytes differ"};
          }
          return predict(models_, {}, &*gaussians);
        });
  }

 private:
  std::string mutant_, first_, second_;
  std::vector<ModelCheckpoint> models_;
  TensorFile base_;
};

}  // namespace

std::unique_ptr<Subject> features_subject(const std::string& checkpoint,
                                          const std::string& folder) {
  return std::make_unique<FeaturesSubject>(checkpoint, folder);
}

}  // namespace bnn::proof
