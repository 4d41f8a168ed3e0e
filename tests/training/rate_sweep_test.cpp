#include "bnn/training/rate_sweep.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <catch2/catch.hpp>

#include "bnn/training/rate_page.h"
#include "support/markup_check.h"
#include "support/text_lines.h"

namespace bnn::testing {
namespace {

// Runs a sweep to its end over a made-up loss.
template <typename Loss>
RateSweep swept(const RateRange& range, int steps, const Loss& loss) {
  RateSweep sweep(range, steps);
  while (!sweep.is_finished()) sweep.add(loss(sweep.next_rate()));
  return sweep;
}

// Falls by 1 around the rate 1e-3, and rises beyond 0.1.
double valley(double rate) { return 2.0 - 1 / (1 + 1e-3 / rate) + std::pow(rate / 0.1, 2) / 2; }

TEST_CASE("the rates of a sweep grow by the same factor from the lowest to the highest") {
  const RateSweep sweep = swept({1e-4, 1e-1}, 31, [](double) { return 1.0; });
  REQUIRE(sweep.points().size() == 31);
  CHECK(!sweep.ended_early());
  for (std::size_t i = 0; i < 31; ++i) {
    CHECK(std::log10(sweep.points()[i].rate) ==
          Approx(-4 + static_cast<double>(i) / 10).epsilon(1e-9));
  }
}

TEST_CASE("the smoothed loss is the mean of the losses so far, weighted by their age") {
  const auto noisy = [](double rate) { return 2 + std::sin(1e5 * rate); };
  const RateSweep sweep = swept({1e-4, 1}, 40, noisy);
  for (std::size_t i = 0; i < sweep.points().size(); ++i) {
    double sum = 0, weights = 0;
    for (std::size_t j = 0; j <= i; ++j) {
      const double weight = std::pow(0.9, static_cast<double>(i - j));
      sum += weight * sweep.points()[j].nll;
      weights += weight;
    }
    CHECK(sweep.points()[i].smoothed == Approx(sum / weights).epsilon(1e-9));
  }
}

TEST_CASE("a sweep ends where the loss is several times its best, or is no number") {
  const RateSweep large = swept({1e-6, 10}, 200, [](double r) { return r < 0.1 ? 1.0 : 6.0; });
  CHECK(large.ended_early());
  CHECK((large.points().back().rate > 0.1 && large.points().back().rate < 0.3));
  CHECK(large.points().back().smoothed > 4);
  CHECK(large.points()[large.points().size() - 2].smoothed <= 4);
  const RateSweep broken =
      swept({1e-6, 10}, 200, [](double r) { return r < 0.1 ? 1.0 : std::nan(""); });
  CHECK(broken.ended_early());
  CHECK(broken.points().back().rate < 0.1);
  CHECK(broken.points().back().nll == 1.0);
}

TEST_CASE("a tenth of the rate of the lowest smoothed loss is suggested") {
  const RateSweep sweep = swept({1e-6, 10}, 400, valley);
  const auto suggestion = suggested_rate(sweep.points());
  REQUIRE(suggestion);
  double least = std::numeric_limits<double>::infinity(), lowest = 0;
  for (const RatePoint& point : sweep.points()) {
    if (point.smoothed < least) {
      least = point.smoothed;
      lowest = point.rate;
    }
  }
  CHECK(suggestion->lowest == lowest);
  CHECK(suggestion->rate == lowest / 10);
  // The valley's floor is at 0.021; the average lags behind.
  CHECK((lowest > 0.02 && lowest < 0.05));
}

TEST_CASE("no rate is suggested where the loss does not fall") {
  const auto suggested = [](const auto& loss) {
    return suggested_rate(swept({1e-6, 10}, 100, loss).points()).has_value();
  };
  CHECK(suggested(valley));
  CHECK(!suggested([](double) { return 2.0; }));
  CHECK(!suggested([](double rate) { return 2.0 + rate; }));
  CHECK(!suggested([](double rate) { return 2.0 - 0.005 * std::log10(rate / 1e-6); }));
  CHECK(!suggested_rate({}));
  // A loss that the first steps blew up, and that falls from there without coming back.
  RateSweep blown({1e3, 1e6}, 40);
  blown.add(2.3);
  for (int i = 0; i < 30; ++i) blown.add(1e9 / (1 + i));
  CHECK(!suggested_rate(blown.points()));
  CHECK(rate_sentence(blown.points(), true).find("the loss rose before") != std::string::npos);
}

TEST_CASE("the page of a sweep is well-formed, has its curve and says what was found") {
  const RateSweep sweep = swept({1e-6, 10}, 200, valley);
  const std::string page = rate_page("<b>&\"", sweep.points(), sweep.ended_early());
  CHECK(tag_faults(page).empty());
  CHECK(page.find("<b>&\"") == std::string::npos);
  CHECK(occurrences(page, "<path ") == 2);
  CHECK(page.find("Suggested learning rate: ") != std::string::npos);
  CHECK(page.find("The dashed line") != std::string::npos);
  // One point is a page too.
  const std::string small = rate_page("x", {{1e-3, 2.0, 2.0}}, true);
  CHECK(tag_faults(small).empty());
  CHECK(small.find("The dashed line") == std::string::npos);
}

TEST_CASE("the sentence says why there is no suggestion") {
  const RateSweep flat = swept({1e-6, 10}, 30, [](double) { return 2.0; });
  CHECK(rate_sentence(flat.points(), flat.ended_early()) ==
        "No learning rate to suggest: the loss did not fall; try higher rates with --rates, or "
        "more steps with --max-steps");
  const RateSweep rising = swept({0.1, 10}, 30, [](double rate) { return 10 * rate; });
  CHECK(rate_sentence(rising.points(), rising.ended_early()).find("the loss rose before") !=
        std::string::npos);
  const RateSweep falling = swept({1e-6, 1e-2}, 60, valley);
  CHECK(rate_sentence(falling.points(), falling.ended_early()).find("had not blown up") !=
        std::string::npos);
}

TEST_CASE("the points of a sweep are written as CSV, each number whole") {
  const std::vector<std::string> lines = lines_of(rate_csv({{1e-6, 2.5, 2.25}, {0.1, 1.0 / 3, 1}}));
  CHECK(lines == std::vector<std::string>{"step,learning_rate,nll,smoothed_nll", "1,1e-06,2.5,2.25",
                                          "2,0.1,0.3333333333333333,1"});
}

}  // namespace
}  // namespace bnn::testing
