#pragma once
// A kind of file: a good one, mutants of it, and what a reader must make of them.

#include <memory>
#include <string>

#include "random.h"
#include "refusal.h"

namespace bnn::proof {

class Subject {
 public:
  virtual ~Subject() = default;

  /// The bytes of a good file.
  const std::string& good() const { return good_; }
  /// Forged: changed, with a right digest.
  virtual std::string forged(Random& random) const = 0;
  /// The same bytes with a right digest, for the control.
  virtual std::string sealed_again(const std::string& bytes) const = 0;
  /// @param damaged not forged: the file must not be taken for whole
  virtual Verdict judge(const std::string& bytes, bool damaged) = 0;

 protected:
  std::string good_;
};

/// How many changes a forged file gets: mostly one.
inline std::size_t some_changes(Random& random) {
  if (random.chance(65)) return 1;
  return random.chance(70) ? 2 : 3 + random.below(6);
}

/// All take the checkpoint of a run and an empty folder, which gets small files.
std::unique_ptr<Subject> checkpoint_subject(const std::string& checkpoint,
                                            const std::string& folder);
/// The checkpoint must have a calibration.
std::unique_ptr<Subject> calibration_subject(const std::string& checkpoint,
                                             const std::string& folder);
/// The checkpoint must have features.
std::unique_ptr<Subject> features_subject(const std::string& checkpoint, const std::string& folder);
/// @param images a folder of PNG files
std::unique_ptr<Subject> cache_subject(const std::string& images, const std::string& folder);

}  // namespace bnn::proof
