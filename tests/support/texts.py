"""Records as texts, to be compared with what a test expects."""

import inspect


def body(recorded):
    """Return a record's text, less its first line."""
    return inspect.cleandoc(str(recorded).partition("\n")[2])


def lines(text):
    """Return a text as it is written in a test, less its indentation."""
    return inspect.cleandoc(text)
