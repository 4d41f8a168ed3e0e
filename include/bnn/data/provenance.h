#pragma once
// Where the examples of a data set come from: which file each was in, and at which place in it.
//
// Outputs name examples by their file; evaluation names an example's random streams by a number of
// its own, so that what it draws depends neither on the order of files nor on what else there is.
// That number is the index in the file or, for image files, one that their pixels give.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace bnn {

/// Files in order. Each covers the examples that follow those of the file before.
class Provenance {
 public:
  struct File {
    std::string name;  // as the config or the command line has it
    std::size_t first = 0;
    std::size_t count = 0;
  };

  /// Adds a file whose examples name their random streams by their index in the file. Throws
  /// Error(data) if there are more than 2^32 - 1 examples in all, because a stream has 32 bits for
  /// them.
  void append_file(const std::string& name, std::size_t count);
  /// Adds a file whose examples name their random streams by the given numbers. A data set that
  /// mixes the two kinds of files is an Error (internal).
  void append_file(const std::string& name, std::span<const std::uint32_t> stream_names);

  /// The number of examples.
  std::size_t size() const;
  const std::vector<File>& files() const { return files_; }
  const File& file_of(std::size_t example) const;
  /// The position of an example within its own file, from 0.
  std::uint32_t index_in_file(std::size_t example) const;

  /// True if examples have numbers of their own, other than the index in the file.
  bool has_stream_names() const { return !stream_names_.empty(); }
  /// The number that names the random streams of an example in evaluation.
  std::uint32_t stream_name(std::size_t example) const {
    return has_stream_names() ? stream_names_[example] : index_in_file(example);
  }

 private:
  void add(const std::string& name, std::size_t count);

  std::vector<File> files_;
  std::vector<std::uint32_t> stream_names_;  // of all examples, or of none
};

}  // namespace bnn
