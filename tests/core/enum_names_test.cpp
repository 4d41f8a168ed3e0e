#include "bnn/core/enum_names.h"

#include <catch2/catch.hpp>

namespace bnn {
namespace {

enum class Fruit { apple, pear, plum };
constexpr EnumNames<Fruit, 2> kNames = {{{Fruit::pear, "pear"}, {Fruit::apple, "apple"}}};

TEST_CASE("an enumerator and its name lead to each other, whatever the order of the table") {
  static_assert(value_of(kNames, "apple") == Fruit::apple);
  CHECK(std::string(name_of(kNames, Fruit::pear)) == "pear");
  CHECK(value_of(kNames, "pear") == Fruit::pear);
  CHECK_FALSE(value_of(kNames, "plum").has_value());
  CHECK_FALSE(value_of(kNames, "app").has_value());
  CHECK(list_of(kNames) == std::vector<std::string>{"pear", "apple"});
  CHECK_THROWS_AS(name_of(kNames, Fruit::plum), std::logic_error);
}

}  // namespace
}  // namespace bnn
