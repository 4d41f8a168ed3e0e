#pragma once
// JSON text as a row of events, for readers that judge each token where it stands instead of
// keeping the whole document. parse_json.h makes a value of it.
//
// Reading takes time proportional to the text. Not thread-safe: one handler, one text.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace bnn {

class JsonEvents {
 public:
  virtual ~JsonEvents() = default;

  virtual void null() = 0;
  virtual void boolean(bool value) = 0;
  virtual void integer(std::int64_t value) = 0;  // negative
  virtual void unsigned_integer(std::uint64_t value) = 0;
  virtual void real(double value) = 0;
  virtual void string(std::string value) = 0;
  virtual void start_object() = 0;
  virtual void key(std::string name) = 0;
  virtual void end_object() = 0;
  virtual void start_list() = 0;
  virtual void end_list() = 0;
  /// The text is no JSON at this byte. No event follows; must throw.
  [[noreturn]] virtual void syntax_error(std::size_t byte) = 0;
  /// A number does not fit a double. No event follows; must throw.
  [[noreturn]] virtual void number_error() = 0;
};

/// Calls the handler for each token of the text, which must hold no NUL byte.
void read_json_events(std::string_view text, JsonEvents& handler);

}  // namespace bnn
