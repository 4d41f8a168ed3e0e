#include "bnn/report/markup.h"

#include "bnn/core/display_text.h"

namespace bnn {
namespace {

void append_escaped(std::string& out, char c) {
  switch (c) {
    case '&':
      out += "&amp;";
      break;
    case '<':
      out += "&lt;";
      break;
    case '>':
      out += "&gt;";
      break;
    case '"':
      out += "&quot;";
      break;
    default:
      out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;  // XML has no control characters
  }
}

}  // namespace

Markup escaped(std::string_view text) {
  std::string out;
  for (const char c : valid_utf8(text)) append_escaped(out, c);
  return Markup::trusted(std::move(out));
}

}  // namespace bnn
