#include "program.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <fmt/format.h>
#include <limits>
#include <memory>
#include <sstream>
#include <sys/ioctl.h>
#include <unistd.h>

#include "bnn/core/error.h"
#include "bnn/core/json_reader.h"
#include "bnn/core/thread_pool.h"
#include "bnn/process/main_guard.h"
#include "bnn/process/stop_signal.h"
#include "bnn/process/version.h"

namespace bnn {
namespace {

// Linked statically, OpenBLAS would start its own threads in a constructor before main and reserve
// 128 MiB for each; this earlier constructor tells it not to. It stands in the programs, since a
// library must leave the environment of its host alone.
[[gnu::constructor(101)]] void keep_blas_single_threaded() {
  setenv("OPENBLAS_NUM_THREADS", "1", 1);
}

// Accepts numbers from `least` to `most`. @param expected what they are, for the message
template <typename T>
CLI::Validator number_within(const std::string& expected, T least, T most) {
  const auto check = [expected, least, most](const std::string& text) {
    T value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool is_number = error == std::errc() && end == text.data() + text.size();
    const bool good = is_number && value >= least && value <= most;
    return good ? std::string() : "expected " + expected + ", found " + text;
  };
  return CLI::Validator(check, "");
}

// The option that an unknown one of the command line comes closest to.
std::optional<std::string> meant_option(const CLI::App& app, int argc, char** argv) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  for (int i = 1; i < argc; ++i) {
    std::string word = argv[i];
    word = word.substr(0, word.find('='));
    if (word == "--") break;
    if (!word.starts_with("--") || std::find(names.begin(), names.end(), word) != names.end()) {
      continue;
    }
    return closest(word, names);
  }
  return std::nullopt;
}

std::size_t terminal_columns() {
  struct winsize size = {};
  const bool is_known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40;
  return is_known ? std::min<std::size_t>(size.ws_col, 120) : 100;
}

// Help whose descriptions are wrapped to the terminal, beside the names of the options.
class WrappingFormatter : public CLI::Formatter {
 public:
  std::string make_option(const CLI::Option* option, bool is_positional) const override {
    const std::string name =
        "  " + make_option_name(option, is_positional) + make_option_opts(option);
    const std::string margin(get_column_width(), ' ');
    const std::size_t width = terminal_columns() - margin.size();
    std::string text = name.size() + 2 > margin.size()
                           ? name + "\n" + margin
                           : name + std::string(margin.size() - name.size(), ' ');
    std::size_t column = 0;
    std::istringstream words(make_option_desc(option));
    for (std::string word; words >> word; column += word.size()) {
      if (column > 0 && column + 1 + word.size() > width) {
        text += "\n" + margin;
        column = 0;
      }
      if (column > 0) {
        text += ' ';
        ++column;
      }
      text += word;
    }
    return text + "\n";
  }
};

Part part_of(const std::string& text) {
  const char* end = text.data() + text.size();
  Part part;
  const auto [slash, first] = std::from_chars(text.data(), end, part.number);
  const bool has_slash = first == std::errc() && slash != end && *slash == '/';
  const auto [rest, second] =
      has_slash ? std::from_chars(slash + 1, end, part.parts) : std::from_chars_result{end, first};
  if (!has_slash || second != std::errc() || rest != end || part.number < 1 ||
      part.number > part.parts || part.parts > kMaxParts) {
    throw Error(
        ErrorKind::usage,
        fmt::format("--part: expected K/N with K from 1 to N and N at most {}, found \"{}\"",
                    kMaxParts, text));
  }
  return part;
}

}  // namespace

void refuse_if(bool asked, const std::string& sentence) {
  if (asked) throw Error(ErrorKind::usage, sentence);
}

void add_cache_option(CLI::App& app, ImageCache& cache, const std::string& group) {
  const auto set = [&cache](const std::string& folder) { cache = {folder, true}; };
  app.add_option_function<std::string>(
         "--image-cache", set,
         "Keep decoded image files in a file of this folder instead of in memory, for this and "
         "later "
         "runs (default: only those beyond half of the memory, in ~/.cache/bnn)")
      ->option_text("DIR")
      ->group(group);
}

CLI::Option* add_part_option(CLI::App& app, Part& part, const std::string& text) {
  const auto set = [&part](const std::string& word) { part = part_of(word); };
  return app.add_option_function<std::string>("--part", set, text)
      ->option_text("K/N")
      ->group("Images");
}

CLI::Validator whole_number(std::int64_t least, std::int64_t most) {
  const bool is_open = most == std::numeric_limits<std::int64_t>::max();
  return number_within(is_open ? fmt::format("a whole number of at least {}", least)
                               : fmt::format("a whole number from {} to {}", least, most),
                       least, most);
}

CLI::Validator number_between(double least, double most) {
  return number_within(fmt::format("a number from {} to {}", least, most), least, most);
}

CLI::Validator non_negative_number() {
  return number_within("a number of at least 0", 0.0, std::numeric_limits<double>::max());
}

CLI::Validator finite_number() {
  return number_within("a number", std::numeric_limits<double>::lowest(),
                       std::numeric_limits<double>::max());
}

CLI::Validator share_of_one() {
  return number_within("a number above 0 and below 1", std::nextafter(0.0, 1.0),
                       std::nextafter(1.0, 0.0));
}

CLI::Validator offered_words(const std::string& words) {
  const auto accept = [](const std::string&) { return std::string(); };
  return CLI::Validator(accept, "{" + words + "}");
}

void add_products_option(CLI::App& app, std::optional<ProductsKind>& products,
                         const std::string& otherwise) {
  const auto set = [&products](const std::string& word) {
    products = value_of(kProductsKindNames, word);
  };
  app.add_option_function<std::string>(
         "--products", set,
         "What multiplies matrices: own code or openblas (default: " + otherwise + ")")
      ->check(CLI::IsMember(list_of(kProductsKindNames)))
      ->option_text("NAME");
}

void add_sampling_options(CLI::App& app, SampleOptions& options) {
  app.option_defaults()->group("Samples of the weights");
  app.add_option("--samples", options.samples,
                 "Monte Carlo samples of the weights (default: as the config says)")
      ->check(whole_number(1, 65536))
      ->option_text("S");
  app.add_flag("--mean-weights", options.mean_weights,
               "One pass with the posterior means and no noise");
  app.add_option("--seed", options.seed, "Seed of the samples (default: the run's)")
      ->check(whole_number())
      ->option_text("N");
  app.add_flag("--shared-draws", options.shared_draws,
               "Draw one network for all images in each sample, as bnn-export does, instead of "
               "flipping signs for each image");
  add_products_option(app, options.products, "as in the run");
}

void add_calibration_options(CLI::App& app, CalibrationOptions& options) {
  app.option_defaults()->group("Calibration");
  app.add_flag("--temperature", options.temperature,
               "Scale probabilities by the temperature that bnn-eval --fit-calibration stored");
  auto* conformal =
      app.add_option("--conformal", options.conformal,
                     "Sets of classes that hold the label with this probability; needs a stored "
                     "calibration")
          ->check(share_of_one())
          ->option_text("COVERAGE");
  add_choice(app, "--conformal-score", options.conformal_score, kConformalScoreNames,
             "lac (default; smallest sets), aps (larger sets for harder images) or raps (the same, "
             "without long tails)")
      ->needs(conformal);
}

void add_common_options(CLI::App& app, const CommonOptions& options) {
  app.option_defaults()->group("General");
  options.threads = usable_cpus();
  app.add_option("--threads", options.threads,
                 "Worker threads; results do not depend on it (default: the CPUs this process may "
                 "use)")
      ->check(whole_number(1, 1024))
      ->option_text("N");
  auto* quiet = app.add_flag_callback(
      "--quiet", [options] { options.verbosity = Verbosity::quiet; }, "Only warnings and errors");
  app.add_flag_callback(
         "--verbose", [options] { options.verbosity = Verbosity::verbose; }, "More log lines")
      ->excludes(quiet);
  app.set_version_flag("--version", version_text(app.get_name()),
                       "Version, compiler, OpenBLAS build and kernel");
  app.set_help_flag("--help,-h", "This text");
  auto formatter = std::make_shared<WrappingFormatter>();
  formatter->column_width(34);
  app.formatter(formatter);
}

// What is wrong with the words, without the library's own texts where they name its types.
std::string problem_of(const CLI::ParseError& error) {
  const std::string text = error.what();
  const std::string option = text.substr(0, text.find(':'));
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr) {
    const bool is_repeated = text.find("At Most") != std::string::npos;
    return option + (is_repeated ? ": expected once, found again" : ": expected a value");
  }
  return text;
}

bool parse_words(CLI::App& app, int argc, char** argv) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& done) {  // --help, --version
    app.exit(done);
    return false;
  } catch (const CLI::ParseError& error) {
    std::string sentence = problem_of(error);
    for (char& c : sentence) c = c == '\n' ? ' ' : c;
    if (const auto guess = meant_option(app, argc, argv)) {
      sentence += " (did you mean " + *guess + "?)";
    }
    throw Error(ErrorKind::usage, sentence + "; see " + app.get_name() + " --help");
  }
  return true;
}

int run_program(CLI::App& app, int argc, char** argv, const std::function<int()>& work) {
  return guarded_main(app.get_name(), [&] {
    if (!parse_words(app, argc, argv)) return 0;
    watch_stop_signals();
    return work();
  });
}

}  // namespace bnn
