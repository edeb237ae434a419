"""Letters that nobody sees, and those that a terminal would obey."""

import pytest

from riverloop.core.kernel.letters import holds_unseen, looks_empty, obeyed, shown


@pytest.mark.parametrize(
    "text", ["", "  ", "\u3000", "\u200b\u200d", "\u3164", "\u2800", "\ufe0f", "\u0301", "\x1b\x07"]
)
def test_what_shows_nothing_looks_empty(text):
    assert looks_empty(text)


@pytest.mark.parametrize("text", ["a", "橋", "1", "—", "🌉", " x "])
def test_what_shows_something_does_not(text):
    assert not looks_empty(text)


@pytest.mark.parametrize("letter", ["\u202e", "\u2066", "\u200b", "\u00ad", "\x1b", "\x85", "\u2028", "\ufeff"])
def test_what_cannot_be_seen_is_found_wherever_it_stands(letter):
    assert all(map(holds_unseen, (letter, f"a{letter}b", f"{letter}橋")))


def test_what_joins_letters_of_a_name_is_let_through():
    assert not holds_unseen("श\u200dर्मा, 河套 West—bridge")


@pytest.mark.parametrize("letter", ["\x00", "\x1b", "\x07", "\x7f", "\x9b", "\u202e", "\u2069", "\u200f", "\u2028"])
def test_what_a_terminal_or_a_page_obeys_is_found_and_shown_instead(letter):
    assert obeyed(f"a{letter}")[0] == letter
    told = shown(f"a{letter}")
    assert told.isprintable()
    assert told.startswith("a\\")


def test_lines_tabs_and_rare_letters_are_no_commands():
    text = "one\n\ttwo 三\u3000四\u00a0\ue000 𰻝"
    assert obeyed(text) is None
    assert shown(text) == text
    assert obeyed("one\r\n", file=True) is None
    assert obeyed("one\r")[0] == "\r"
