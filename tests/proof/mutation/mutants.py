"""Every change of one operator, constant or statement of a source file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mutation.sites import end_of_statement, silent_places
from mutation.tokens import Token, closing, tokens_of

BINARY = {"+": "-", "-": "+", "*": "/", "/": "*", "%": "*", "&&": "||", "||": "&&", "&": "|",
          "|": "&", "<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==", "+=": "-=",
          "-=": "+=", "*=": "/=", "/=": "*=", "^=": "="}
REVERSED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
STEPS = {"++": "--", "--": "++"}
WORDS = {"true": "false", "false": "true"}
EXTREMES = {"max": "min", "min": "max", "max_element": "min_element", "min_element": "max_element"}
ASSIGNMENTS = ("=", "+=", "-=", "*=", "/=", "^=", "|=", "&=")
EMPTY = ("0", "0.0", "0.0f", "false", "nullptr")  # what {} is as well
CONTROLS = ("if", "for", "while", "constexpr")
KEYWORDS = ("return", "if", "for", "while", "do", "switch", "case", "default", "else", "break", "new",
            "continue", "const", "auto", "static", "public", "private", "protected", "goto", "delete")


@dataclass(frozen=True)
class Mutant:
    file: str  # below the root
    start: int
    end: int
    old: str
    new: str
    line: int  # from 1
    column: int  # from 1, without the line's indentation
    line_text: str

    @property
    def change(self) -> str:
        return f"{self.old} -> {self.new}" if self.new else f"without {self.old}"

    @property
    def key(self) -> str:
        """Names the mutant within one source."""
        words = "\n".join((self.file, str(self.start), str(self.end), self.new))
        return hashlib.sha256(words.encode()).hexdigest()[:12]

    @property
    def room(self) -> str:
        parts = Path(self.file).parts
        return parts[1] if parts[0] == "src" else parts[2]

    def applied(self, source: str) -> str:
        return source[:self.start] + self.new + source[self.end:]

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: `{self.line_text}`, at {self.column}: {self.change}"


Change = tuple[int, int, str]  # the place of the text, and what stands there instead


def of_number(text: str) -> list[str]:
    """n + 1, and 0 for 1; 2 x, and 0.25 for 0.5."""
    digits = text.rstrip("fFuUlLzZ")
    if text[:2].lower() == "0x":
        return []
    if not any(c in digits for c in ".eE"):
        value = int(digits.replace("'", ""))
        suffix = text[len(digits):]
        return [f"{value + 1}{suffix}"] + ([f"0{suffix}"] if value == 1 else [])
    value, suffix = float(digits), text[len(digits):]
    changed = {0.0: 1.0, 0.5: 0.25}.get(value, 2.0 * value)
    return [f"{changed!r}{suffix}"] + ([f"0.0{suffix}"] if value == 1.0 else [])


def of_token(tokens: list[Token], i: int) -> Iterator[Change]:
    token = tokens[i]
    before = tokens[i - 1] if i else token
    if token.kind == "operator" and token.is_binary:
        for table in (BINARY, REVERSED):
            if token.text in table:
                yield token.start, token.end, table[token.text]
    elif token.text in STEPS:
        yield token.start, token.end, STEPS[token.text]
    elif token.text in ("-", "!") and (before.text == "return" or before.text in "(,=?:+-*/<>&|["
                                       or before.is_binary):
        yield token.start, token.end, ""
    elif token.kind == "number":
        for changed in of_number(token.text):
            yield token.start, token.end, changed
    elif token.text in WORDS:
        yield token.start, token.end, WORDS[token.text]
    elif token.text in EXTREMES and before.text == "::" and tokens[i - 2].text == "std":
        yield token.start, token.end, EXTREMES[token.text]


def of_index(tokens: list[Token], i: int) -> Iterator[Change]:
    """a[i + 1] for a[i]; not in the declaration of an array, nor in the captures of a lambda."""
    before, end = tokens[i - 1], closing(tokens, i)
    declares = i >= 2 and before.kind == "word" and (
        tokens[i - 2].kind == "word" or tokens[i - 2].text in (">", "*", "&")
        and not tokens[i - 2].is_binary)
    if before.kind == "word" and not declares and before.text not in KEYWORDS or \
            before.text in ("]", ")"):
        if end > i + 1:
            yield tokens[end].start, tokens[end].start, " + 1"


def control_parentheses(tokens: list[Token]) -> set[int]:
    """Where the condition of an if or the head of a loop ends."""
    return {closing(tokens, i + 1) for i in range(len(tokens) - 1)
            if tokens[i].text in CONTROLS and tokens[i + 1].text == "("}


def is_assignment_or_call(tokens: list[Token], begin: int, end: int) -> bool:
    """a.b[c] = ...; or a::b(...); and no declaration, where a word follows a word."""
    i = begin
    while i < end and tokens[i].text in ("*", "++", "--"):
        i += 1
    if tokens[i].kind != "word" or tokens[i].text in KEYWORDS:
        return False
    while i < end:
        text = tokens[i].text
        if text in ASSIGNMENTS:
            return True
        if text in ("(", "["):
            i = closing(tokens, i)
            if text == "(" and i + 1 == end:
                return True
        elif tokens[i].kind == "word" and tokens[i + 1].kind == "word":
            return False
        elif tokens[i].kind != "word" and text not in (".", "->", "::"):
            return False
        i += 1
    return False


def of_statement(tokens: list[Token], begin: int) -> Iterator[Change]:
    """A statement that is left out, or a value that is returned empty."""
    end = end_of_statement(tokens, begin)
    if tokens[end].text != ";":
        return
    if tokens[begin].text == "return":
        if end == begin + 1 or end == begin + 2 and tokens[begin + 1].text in EMPTY:
            return
        yield tokens[begin + 1].start, tokens[end].start, "{}"
    elif is_assignment_or_call(tokens, begin, end):
        yield tokens[begin].start, tokens[end].start, ""


def opens_void_function(tokens: list[Token], i: int) -> bool:
    """Whether the brace at `i` begins the body of a function that returns nothing."""
    begin = i - 1
    while begin >= 0 and tokens[begin].text not in (";", "{", "}"):
        begin -= 1
    head = [token.text for token in tokens[begin + 1:i]]
    return "void" in head[:4] and "(" in head and "=" not in head and "[" not in head


def changes_of(source: str) -> Iterator[Change]:
    tokens = tokens_of(source)
    silent, heads = silent_places(tokens), control_parentheses(tokens)
    for i, token in enumerate(tokens):
        if i in silent:
            continue
        yield from of_token(tokens, i)
        if token.text == "[" and i:
            yield from of_index(tokens, i)
        if i and (tokens[i - 1].text in (";", "{", "}", "else") or i - 1 in heads):
            yield from of_statement(tokens, i)
        if token.text == "{" and tokens[i + 1].text != "}" and opens_void_function(tokens, i):
            yield token.end, token.end, " return;"


def mutants_of(root: Path, file: str) -> list[Mutant]:
    source = (root / file).read_text()
    mutants = []
    for start, end, new in changes_of(source):
        begin = source.rfind("\n", 0, start) + 1
        line = source[begin:].split("\n", 1)[0]
        column = start - begin - (len(line) - len(line.lstrip())) + 1
        old = " ".join(source[start:end].split()) or "nothing"
        mutants.append(Mutant(file, start, end, old, new, source.count("\n", 0, start) + 1, column,
                              line.strip()))
    return mutants


def all_mutants(root: Path, rooms: Sequence[str]) -> list[Mutant]:
    """Of all files of the rooms."""
    files = sorted(path for room in rooms for folder in (f"src/{room}", f"include/bnn/{room}")
                   for path in (root / folder).glob("*") if path.suffix in (".h", ".cpp"))
    return [mutant for file in files for mutant in mutants_of(root, str(file.relative_to(root)))]


def shuffled(mutants: list[Mutant], seed: int) -> list[Mutant]:
    """An order that a change of one file leaves to the mutants of the others."""
    return sorted(mutants, key=lambda mutant: hashlib.sha256(f"{seed} {mutant.key}".encode()).digest())
