"""The tokens of C++ text, without what no mutation may touch: comments, texts, preprocessor lines."""

from __future__ import annotations

import re
from dataclasses import dataclass

PATTERN = re.compile(r"""
    (?P<comment> //[^\n]* | /\*.*?\*/ )
  | (?P<preprocessor> ^[ \t]*\#(?:[^\n\\]|\\.)* )
  | (?P<raw> R"(?P<mark>[^(\s]*)\(.*?\)(?P=mark)" )
  | (?P<text> "(?:[^"\\\n]|\\.)*" | '(?:[^'\\\n]|\\.)+' )
  | (?P<number> \.?\d(?:[eEpP][+-]|'?[\w.])* )
  | (?P<word> [A-Za-z_]\w* )
  | (?P<operator> <=>|<<=|>>=|\.\.\.|->|\+\+|--|[-+*/%&|^=!<>]=|&&|\|\||::|<<|[^\s\w] )
""", re.VERBOSE | re.DOTALL | re.MULTILINE)
LEFT_OUT = ("comment", "preprocessor")


@dataclass(frozen=True)
class Token:
    kind: str  # "word", "number", "operator"; "text" for a string or a character
    text: str
    start: int
    end: int
    is_binary: bool  # white space on both sides, as the formatter puts it around a binary operator


def tokens_of(source: str) -> list[Token]:
    found = []
    for match in PATTERN.finditer(source):
        kind = "text" if match.lastgroup in ("raw", "mark") else str(match.lastgroup)
        if kind not in LEFT_OUT:
            start, end = match.span()
            is_binary = source[start - 1:start].isspace() and source[end:end + 1].isspace()
            found.append(Token(kind, match.group(), start, end, is_binary))
    return found


def closing(tokens: list[Token], opening: int) -> int:
    """The place of the bracket that closes the one at `opening`, or the last place."""
    pairs = {"(": ")", "[": "]", "{": "}", "<": ">"}
    first, last = tokens[opening].text, pairs[tokens[opening].text]
    depth = 0
    for i in range(opening, len(tokens)):
        if tokens[i].text in (first, last) and not (first == "<" and tokens[i].is_binary and
                                                    i != opening):
            depth += 1 if tokens[i].text == first else -1
            if depth == 0:
                return i
    return len(tokens) - 1
