#include "refusal.h"

#include <ctime>
#include <exception>
#include <fmt/format.h>
#include <new>

#include "allocations.h"
#include "bnn/core/display_text.h"
#include "bnn/core/utf8.h"

namespace bnn::proof {
namespace {

constexpr double kMostSeconds = 2.0;
constexpr std::size_t kMostLine = 500;
// A parsed header takes more than its text does: a config becomes a tree, and a network.
constexpr std::size_t kBytesPerByte = 64, kBytesAlways = std::size_t{4} << 20;

// Of this process, so that a busy machine changes nothing.
double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

Verdict failure(const std::string& sentence) { return {End::accepted, sentence}; }

// @param refused what an error of the product means
Verdict guarded(const std::function<Verdict()>& work,
                const std::function<Verdict(const Error&)>& refused) {
  try {
    return work();
  } catch (const Error& error) {
    return refused(error);
  } catch (const std::bad_alloc&) {
    return failure("memory was asked for that the system does not give");
  } catch (const std::exception& error) {
    return failure(std::string("an exception that is no bnn::Error: ") + error.what());
  }
}

}  // namespace

std::string fault_of(const Error& error, ErrorKind kind, const std::string& file) {
  const std::string what = error.what();
  if (error.kind() != kind) {
    return fmt::format("an error of kind {}: {}", static_cast<int>(error.kind()), what);
  }
  const std::string line = printable_line("bnn-predict: error: " + what);
  if (line.size() > kMostLine || !is_utf8(line)) return "a message that is no line: " + line;
  const std::size_t at = line.find(file);
  if (at == std::string::npos) return "a message that does not name the file: " + line;
  if (line.size() < at + file.size() + 10) return "a message that says nothing: " + line;
  return error.details().empty() ? "" : "an error with details: " + what;
}

Verdict judge_reader(ErrorKind kind, const std::string& file, std::size_t bytes,
                     const std::function<void()>& read, const std::function<Verdict()>& use) {
  const double start = cpu_seconds();
  const AllocationWatch watch;
  Verdict verdict = guarded(
      [&] {
        read();
        return Verdict{End::accepted};
      },
      [&](const Error& error) {
        return Verdict{End::refused, fault_of(error, kind, file)};
      });
  const double seconds = cpu_seconds() - start;
  const std::size_t most = kBytesAlways + kBytesPerByte * bytes;
  if (verdict.wrong.empty() && seconds > kMostSeconds) {
    verdict.wrong = fmt::format("reading took {:.1f} s of the processor", seconds);
  }
  if (verdict.wrong.empty() && watch.most() > most) {
    verdict.wrong =
        fmt::format("reading took {} bytes of memory for a file of {}", watch.most(), bytes);
  }
  if (verdict.end != End::accepted || !verdict.wrong.empty()) return verdict;
  return guarded(use, [](const Error& error) {
    // Behind the reader, nothing but numbers may be refused.
    if (error.kind() == ErrorKind::numerical) return Verdict{End::not_finite};
    return failure(std::string("accepted, and then refused: ") + error.what());
  });
}

}  // namespace bnn::proof
