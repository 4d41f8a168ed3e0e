#include "bnn/exchange/exchange.h"

#include <algorithm>
#include <bit>
#include <fmt/format.h>
#include <numeric>
#include <utility>

#include "bnn/core/error.h"

namespace bnn {
namespace {

template <typename T>
std::span<const std::byte> bytes_of(const T& value) {
  return std::as_bytes(std::span(&value, 1));
}

template <typename T>
std::span<std::byte> writable_bytes_of(T& value) {
  return std::as_writable_bytes(std::span(&value, 1));
}

void add_to(std::span<float> sum, std::span<const float> values) {
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += values[i];
}

// The group of `distance` ranks that begins at a multiple of it, at the level where partners are
// that far away.
int group_of(int rank, int distance) { return rank / distance * distance; }

// Segments [begin, end).
struct Segments {
  std::size_t begin, end;

  Segments half(bool upper) const {
    const std::size_t middle = begin + (end - begin) / 2;
    return upper ? Segments{middle, end} : Segments{begin, middle};
  }
};

}  // namespace

Exchange::Exchange(std::function<int()> signal) : own_signal_(std::move(signal)) {}

Exchange::Exchange(Transport& transport, std::function<int()> signal)
    : transport_(&transport),
      rank_(transport.rank()),
      processes_(transport.size()),
      own_signal_(std::move(signal)) {
  if (!std::has_single_bit(static_cast<unsigned>(processes_))) {
    throw Error(ErrorKind::internal, "the number of processes is no power of two");
  }
}

std::size_t Exchange::segment_of(int rank) const {
  std::size_t segment = 0;
  for (int distance = 1; distance < processes_; distance *= 2) {
    segment = 2 * segment + static_cast<std::size_t>((rank & distance) != 0 ? 1 : 0);
  }
  return segment;
}

void Exchange::swap(int partner, std::span<const std::byte> out, std::span<std::byte> in,
                    Wait wait) {
  if (!out.empty()) {
    ++traffic_.messages;
    traffic_.bytes += out.size();
  }
  transport_->swap(partner, out, in, wait);
}

StepReport Exchange::total(const StepReport& own, const ShardDeal& deal) {
  StepReport report = own;
  report.signal = own_signal();
  for (int distance = 1; distance < processes_; distance *= 2) {
    const int partner = rank_ ^ distance;
    StepReport other;
    swap(partner, bytes_of(report), writable_bytes_of(other), Wait::step);
    if (deal.reaches(group_of(partner, distance))) {
      const bool is_here = deal.reaches(group_of(rank_, distance));
      report.nll = is_here ? report.nll + other.nll : other.nll;
      report.correct = is_here ? report.correct + other.correct : other.correct;
      report.activity_penalty =
          is_here ? report.activity_penalty + other.activity_penalty : other.activity_penalty;
    }
    report.fault = std::min(report.fault, other.fault);
    report.signal = std::max(report.signal, other.signal);
  }
  agreed_signal_ = std::max(agreed_signal_, report.signal);
  return report;
}

void Exchange::sum(std::span<float> values, const ShardDeal& deal) {
  received_.resize(std::max(received_.size(), values.size()));
  const auto received = std::span(received_).first(values.size());
  for (int distance = 1; distance < processes_; distance *= 2) {
    const int partner = rank_ ^ distance;
    const bool sends = deal.reaches(group_of(rank_, distance));
    const bool receives = deal.reaches(group_of(partner, distance));
    swap(partner, std::as_bytes(values.first(sends ? values.size() : 0)),
         std::as_writable_bytes(received.first(receives ? values.size() : 0)), Wait::step);
    if (!receives) continue;
    if (sends) {
      add_to(values, received);
    } else {
      std::copy(received.begin(), received.end(), values.begin());
    }
  }
}

void Exchange::scatter_sum(std::span<float> values, std::span<const std::size_t> cuts,
                           const ShardDeal& deal) {
  const auto part = [&](const Segments& s) {
    return values.subspan(cuts[s.begin], cuts[s.end] - cuts[s.begin]);
  };
  Segments mine{0, static_cast<std::size_t>(processes_)};
  for (int distance = 1; distance < processes_; distance *= 2) {
    const int partner = rank_ ^ distance;
    const bool keeps_upper = (rank_ & distance) != 0;
    const auto kept = part(mine.half(keeps_upper)), given = part(mine.half(!keeps_upper));
    const bool sends = deal.reaches(group_of(rank_, distance));
    const bool receives = deal.reaches(group_of(partner, distance));
    received_.resize(std::max(received_.size(), kept.size()));
    const auto received = std::span(received_).first(receives ? kept.size() : 0);
    swap(partner, std::as_bytes(given.first(sends ? given.size() : 0)),
         std::as_writable_bytes(received), Wait::step);
    if (receives && sends) {
      add_to(kept, received);
    } else if (receives) {
      std::copy(received.begin(), received.end(), kept.begin());
    }
    mine = mine.half(keeps_upper);
  }
}

// The way of scatter_sum backwards: what partners hold are the halves of a range of segments.
void Exchange::gather_bytes(std::span<std::byte> values, std::span<const std::size_t> cuts,
                            std::size_t size, Wait wait) {
  const auto part = [&](std::size_t begin, std::size_t count) {
    return values.subspan(size * cuts[begin], size * (cuts[begin + count] - cuts[begin]));
  };
  std::size_t count = 1;
  for (int distance = processes_ / 2; distance >= 1; distance /= 2, count *= 2) {
    const std::size_t mine = segment() / count * count, other = mine ^ count;
    swap(rank_ ^ distance, part(mine, count), part(other, count), wait);
  }
}

// The same, where only the half of the lower rank receives, and the other has done its work.
void Exchange::gather_bytes_to_first(std::span<std::byte> values, std::span<const std::size_t> cuts,
                                     std::size_t size) {
  const auto part = [&](std::size_t begin, std::size_t count) {
    return values.subspan(size * cuts[begin], size * (cuts[begin + count] - cuts[begin]));
  };
  std::size_t count = 1;
  for (int distance = processes_ / 2; distance >= 1; distance /= 2, count *= 2) {
    if (rank_ >= 2 * distance) return;
    const std::size_t mine = segment() / count * count, other = mine ^ count;
    const bool receives = rank_ < distance;
    swap(rank_ ^ distance, receives ? std::span<std::byte>() : part(mine, count),
         receives ? part(other, count) : std::span<std::byte>(), Wait::patient);
  }
}

void Exchange::broadcast_bytes(std::span<std::byte> values) {
  const std::span<std::byte> nothing;
  for (int distance = processes_ / 2; distance >= 1; distance /= 2) {
    if (rank_ % distance != 0) continue;
    const bool sends = rank_ % (2 * distance) == 0;
    swap(rank_ ^ distance, sends ? values : nothing, sends ? nothing : values, Wait::patient);
  }
}

std::string Exchange::broadcast_text(const std::string& text) {
  std::uint64_t size = text.size();
  broadcast(std::span(&size, 1));
  std::string result = text;
  result.resize(size);
  broadcast(std::span(result));
  return result;
}

std::vector<std::string> Exchange::gather_texts(const std::string& text) {
  const auto count = static_cast<std::size_t>(processes_);
  std::vector<std::uint64_t> sizes(count);
  std::vector<std::size_t> cuts(count + 1);
  std::iota(cuts.begin(), cuts.end(), std::size_t{0});
  sizes[segment()] = text.size();
  gather(std::span(sizes), cuts, Wait::patient);
  for (std::size_t i = 0; i < count; ++i) cuts[i + 1] = cuts[i] + sizes[i];
  std::string all(cuts.back(), '\0');
  std::copy(text.begin(), text.end(), all.begin() + static_cast<std::ptrdiff_t>(cuts[segment()]));
  gather(std::span(all), cuts, Wait::patient);
  std::vector<std::string> texts;
  for (int rank = 0; rank < processes_; ++rank) {
    const std::size_t i = segment_of(rank);
    texts.push_back(all.substr(cuts[i], cuts[i + 1] - cuts[i]));
  }
  return texts;
}

int Exchange::signal() const { return is_alone() ? own_signal() : agreed_signal_; }

int Exchange::agree_on_signal() {
  int highest = own_signal();
  for (int distance = 1; distance < processes_; distance *= 2) {
    int other = 0;
    swap(rank_ ^ distance, bytes_of(highest), writable_bytes_of(other), Wait::patient);
    highest = std::max(highest, other);
  }
  agreed_signal_ = std::max(agreed_signal_, highest);
  return agreed_signal_;
}

}  // namespace bnn
