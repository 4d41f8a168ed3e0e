// bnn-proof-tracer: runs a program and lists, records, kills or fails its system calls.
//
//   bnn-proof-tracer --below DIR --calls changes --list FILE -- bnn-train --config my.json
//   bnn-proof-tracer --below DIR --calls changes --kill 17 -- bnn-train --config my.json
//   bnn-proof-tracer --below DIR --calls changes --record FOLDER -- bnn-train --config my.json
//   bnn-proof-tracer --calls read --fail 3 --error EIO --ever -- bnn-eval last.safetensors
//
// Calls are counted from 1 in the order in which they are made, of all threads together. With
// --below only those count whose file lies in that folder, with --after only those from the first
// one on whose file lies in that folder. The exit code is that of the program, or 128 + the signal
// that ended it. FILE gets a line for each call: number, name, path.

#include <cerrno>
#include <fstream>
#include <iostream>
#include <map>
#include <optional>

#include <CLI/CLI.hpp>

#include "recorder.h"
#include "tracee.h"

namespace bnn::proof {
namespace {

struct Options {
  std::string calls = "changes", below, after, list, record, hit;
  long kill = 0, fail = 0, shorten = 0;
  std::string error = "EIO";
  bool ever = false;
  std::vector<std::string> words;
};

const std::map<std::string, int>& errors() {
  static const std::map<std::string, int> numbers = {
      {"EACCES", EACCES},   {"EAGAIN", EAGAIN}, {"EBADF", EBADF},     {"EDQUOT", EDQUOT},
      {"EEXIST", EEXIST},   {"EFAULT", EFAULT}, {"EFBIG", EFBIG},     {"EINTR", EINTR},
      {"EINVAL", EINVAL},   {"EIO", EIO},       {"EISDIR", EISDIR},   {"ELOOP", ELOOP},
      {"EMFILE", EMFILE},   {"ENFILE", ENFILE}, {"ENODEV", ENODEV},   {"ENOENT", ENOENT},
      {"ENOLCK", ENOLCK},   {"ENOMEM", ENOMEM}, {"ENOSPC", ENOSPC},   {"ENOSYS", ENOSYS},
      {"ENOTDIR", ENOTDIR}, {"ENOTTY", ENOTTY}, {"ENOTSUP", ENOTSUP}, {"EPERM", EPERM},
      {"EPIPE", EPIPE},     {"EROFS", EROFS},   {"ESTALE", ESTALE},   {"ETXTBSY", ETXTBSY},
      {"EXDEV", EXDEV}};
  return numbers;
}

// Counts the calls that are meant, and says what is done with each.
class Counter {
 public:
  explicit Counter(const Options& options) : options_(options), error_(errors().at(options.error)) {
    if (!options.list.empty()) list_.open(options.list);
    if (!options.record.empty()) recorder_.emplace(options.record);
  }

  Verdict operator()(const CallSite& site) {
    const bool is_change = options_.calls == "changes";
    if (is_change && !changes_a_file(site)) return {};
    if (site.call->names == Names::descriptor && descriptor_of(site) == 2) return {};
    const std::string path = path_of(site);
    if (!options_.below.empty() && !path.starts_with(options_.below)) return {};
    if (is_change && !path.starts_with('/')) return {};
    begun_ = begun_ || path.starts_with(options_.after);
    if (!begun_) return {};
    ++count_;
    if (list_.is_open()) list_ << count_ << ' ' << site.call->name << ' ' << path << std::endl;
    if (recorder_) recorder_->add(count_, site, path);
    const Verdict verdict = verdict_of_this();
    if (verdict.kind != Verdict::Kind::run && !options_.hit.empty()) std::ofstream(options_.hit);
    return verdict;
  }

 private:
  Verdict verdict_of_this() const {
    if (count_ == options_.kill) return {Verdict::Kind::kill};
    if (is_hit(options_.fail)) return {Verdict::Kind::fail, error_};
    if (is_hit(options_.shorten)) return {Verdict::Kind::shorten};
    return {};
  }

  bool is_hit(long number) const {
    return number > 0 && (count_ == number || (options_.ever && count_ > number));
  }

  const Options& options_;
  int error_;
  bool begun_ = false;
  long count_ = 0;
  std::ofstream list_;
  std::optional<Recorder> recorder_;
};

int run(int count, char** words) {
  Options options;
  CLI::App app("Runs a program and lists, records, kills or fails its system calls.");
  app.add_option("--calls", options.calls, "Names, or changes: all that change files; or all");
  app.add_option("--below", options.below, "Only calls that mean a file in this folder");
  app.add_option("--after", options.after,
                 "Only calls from the first that means a file in this one");
  app.add_option("--list", options.list, "Write number, name and path of each call to this file");
  app.add_option("--record", options.record, "Write calls and their bytes into this folder");
  app.add_option("--kill", options.kill, "SIGKILL before this call");
  app.add_option("--fail", options.fail, "This call fails and does not run");
  app.add_option("--shorten", options.shorten, "This call transfers half of its bytes");
  app.add_option("--hit", options.hit,
                 "Make this file when a call was killed, failed or shortened");
  app.add_option("--error", options.error, "The errno of --fail")->check(CLI::IsMember(errors()));
  app.add_flag("--ever", options.ever, "Also all later calls");
  app.add_option("words", options.words, "The program and its arguments")->required();
  CLI11_PARSE(app, count, words);
  try {
    const auto calls = chosen_calls(options.calls);
    Counter counter(options);
    return run_traced(options.words, calls, std::ref(counter));
  } catch (const std::exception& error) {
    std::cerr << "bnn-proof-tracer: error: " << error.what() << '\n';
    return 125;
  }
}

}  // namespace
}  // namespace bnn::proof

int main(int count, char** words) { return bnn::proof::run(count, words); }
