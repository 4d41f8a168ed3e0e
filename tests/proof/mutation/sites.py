"""Which tokens may be changed: no template brackets, attributes, checks at compile time, messages."""

from __future__ import annotations

from mutation.tokens import Token, closing

# From such a word to the end of its statement nothing counts: messages, types, checks of the compiler.
SILENT_STATEMENTS = ("throw", "static_assert", "using", "typedef", "template", "enum")
# Calls that only make text for people, or only save time.
SILENT_CALLS = ("format", "Error", "config_error", "reserve", "__builtin_prefetch", "decltype",
                "sizeof", "alignas", "debug", "info", "warn", "shrink_to_fit", "requires")


def is_template_bracket(tokens: list[Token], i: int) -> bool:
    """The formatter sets template brackets tight, and a comparison between spaces."""
    before = tokens[i - 1].text if i else ""
    return tokens[i].text == "<" and before != "operator" and (
        before == "template" or not tokens[i].is_binary)


def end_of_statement(tokens: list[Token], begin: int) -> int:
    """The place of what ends a statement: a semicolon, the brace of a body, the end of a loop's head."""
    i = begin
    while i < len(tokens) and tokens[i].text not in (";", ")"):
        is_value = tokens[i].text == "{" and tokens[i - 1].text in ("=", "return")
        if tokens[i].text == "{" and not is_value:
            break
        i = closing(tokens, i) + 1 if is_value or tokens[i].text in ("(", "[") else i + 1
    return min(i, len(tokens) - 1)


def silent_places(tokens: list[Token]) -> set[int]:
    """Places of tokens that stay as they are."""
    silent: set[int] = set()
    for i, token in enumerate(tokens):
        following = tokens[i + 1].text if i + 1 < len(tokens) else ""
        if token.text == "template" and following == "<":
            silent.update(range(i, closing(tokens, i + 1) + 1))
        elif token.kind == "word" and token.text in SILENT_STATEMENTS:
            silent.update(range(i, end_of_statement(tokens, i) + 1))
        elif token.kind == "word" and token.text in SILENT_CALLS and following == "(":
            silent.update(range(i, closing(tokens, i + 1) + 1))
        elif is_template_bracket(tokens, i):
            silent.update(range(i, closing(tokens, i) + 1))
        elif token.text == "[" and following == "[":
            silent.update(range(i, closing(tokens, i) + 1))
        elif token.text == "operator":
            silent.update((i, i + 1))
        elif token.text == "=" and following in ("0", "default", "delete") and i and \
                tokens[i - 1].text in (")", "const", "noexcept", "override"):
            silent.update((i, i + 1))
    return silent
