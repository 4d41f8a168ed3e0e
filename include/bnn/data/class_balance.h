#pragma once
// How many examples each class has, and what makes up for classes that have few.
//
// Pure functions, thread-safe.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace bnn {

/// [class]. @param labels of the data set @param examples dataset indices
std::vector<std::size_t> class_counts(std::span<const int> labels,
                                      std::span<const std::uint32_t> examples, int classes);

/// "training images of each class: cat 120, dog 87". Of many classes the smallest and the largest.
std::string class_counts_text(std::span<const std::size_t> counts,
                              const std::vector<std::string>& class_names);

/// A warning that names the class, where one has fewer than a fifth of the images of the largest.
std::optional<std::string> imbalance_warning(std::span<const std::size_t> counts,
                                             const std::vector<std::string>& class_names);

/// A warning that names a class of which no image is held out, where images of others are.
/// @param counts of training images @param held_out of held-out ones
std::optional<std::string> unvalidated_warning(std::span<const std::size_t> counts,
                                               std::span<const std::size_t> held_out,
                                               const std::vector<std::string>& class_names);

/// N / (K n_c): every class weighs the same, and the mean over the examples is 1. 0 for a class
/// without examples.
std::vector<float> balanced_class_weights(std::span<const std::size_t> counts);

/// The examples of each class that has any, by class.
/// @param examples dataset indices
std::vector<std::vector<std::uint32_t>> examples_by_class(std::span<const int> labels,
                                                          std::span<const std::uint32_t> examples,
                                                          int classes);

/// The examples of an epoch in which every class comes equally often, up to one example, as many as
/// there are examples in all. A class goes through all of its examples before one comes again.
/// Classes without examples get none.
/// @param examples dataset indices
std::vector<std::uint32_t> balanced_sample(std::span<const int> labels,
                                           std::span<const std::uint32_t> examples, int classes,
                                           std::uint64_t seed, std::uint32_t epoch);

}  // namespace bnn
