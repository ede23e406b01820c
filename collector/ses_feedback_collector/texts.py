"""Text from elsewhere, made fit to be shown."""

LONGEST_ECHO = 100
"""Characters of a wrong value that a sentence repeats."""


def printable(text: str) -> str:
    """One line, and no command to the terminal in it."""
    return "".join(
        one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text
    )


def echoed(text: str) -> str:
    """A wrong value as a sentence repeats it: cut, if it is long."""
    return text if len(text) <= LONGEST_ECHO else f"{text[: LONGEST_ECHO - 3]}..."
