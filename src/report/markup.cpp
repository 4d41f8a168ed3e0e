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
      out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;  // line breaks are spaces in XML
  }
}

}  // namespace

Markup escaped(std::string_view text) {
  std::string out;
  for (const char c : text) append_escaped(out, c);
  return Markup::trusted(plain_text(out));
}

}  // namespace bnn
