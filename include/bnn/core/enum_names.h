#pragma once
// The names of an enum's enumerators in options, files and outputs: one table, next to the enum.
//
//     enum class Fruit { apple, pear };
//     constexpr EnumNames<Fruit, 2> kFruitNames = {
//         {{Fruit::apple, "apple"}, {Fruit::pear, "pear"}}};
//     name_of(kFruitNames, Fruit::pear)      // "pear"
//     value_of(kFruitNames, "apple")         // Fruit::apple
//
// Thread-safe: no state.

#include <array>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace bnn {

template <typename Enum>
struct EnumName {
  Enum value;
  const char* name;
};

template <typename Enum, std::size_t N>
using EnumNames = std::array<EnumName<Enum>, N>;

/// Throws std::logic_error, or does not compile, if the table lacks the enumerator.
template <typename Enum, std::size_t N>
constexpr const char* name_of(const EnumNames<Enum, N>& names, Enum value) {
  for (const EnumName<Enum>& entry : names) {
    if (entry.value == value) return entry.name;
  }
  throw std::logic_error("an enumerator without a name");
}

/// Nothing if no enumerator is called that.
template <typename Enum, std::size_t N>
constexpr std::optional<Enum> value_of(const EnumNames<Enum, N>& names, std::string_view name) {
  for (const EnumName<Enum>& entry : names) {
    if (entry.name == name) return entry.value;
  }
  return std::nullopt;
}

/// The names in the order of the table, as options and configs offer them.
template <typename Enum, std::size_t N>
std::vector<std::string> list_of(const EnumNames<Enum, N>& names) {
  std::vector<std::string> list;
  for (const EnumName<Enum>& entry : names) list.emplace_back(entry.name);
  return list;
}

}  // namespace bnn
