"""What every document number is tested with: a day, rubbish, and all one-character mistakes."""

from datetime import date

import pytest

from riverloop.core.kernel.errors import IdentityError

TODAY = date(2026, 11, 22)

RUBBISH = {
    "none": lambda: None,
    "number": lambda: 11010519491231002,
    "bytes": lambda: b"A123456(3)",
    "list": lambda: ["A123456(3)"],
    "the word none": lambda: "None",
    "empty": lambda: "",
    "blank": lambda: " \t\r\n\u3000",
    "brackets alone": lambda: "（）()",
    "emoji": lambda: "🙂",
    "emoji within": lambda: "A123456🙂(3)",
    "emoji family": lambda: "👩‍👩‍👧‍👦" * 4,
    "nul": lambda: "\x00",
    "control characters": lambda: "A\x1b[31m12\x073456(3)",
    "delete": lambda: "\x7f" * 18,
    "override of direction": lambda: "\u202eA123456(3)",
    "lone surrogate": lambda: "\ud800",
    "arabic digits": lambda: "A١٢٣٤٥٦(٣)",
    "superscripts": lambda: "A¹²³⁴⁵⁶(³)",
    "letters that grow in capitals": lambda: "ßſıŉﬁ",
    "accents": lambda: "Á123456(3)",
    "a template": lambda: "{number} %s ${x}",
    "markup": lambda: "<script>alert(1)</script>",
    "fillers": lambda: "<" * 90,
    "a sentence": lambda: "my number is on the card",
    "ten megabytes": lambda: "A123456(3)" * 1_000_000,
    "ten megabytes of spaces": lambda: " " * 10_000_000,
    "ten megabytes of emoji": lambda: "🙂" * 10_000_000,
}


@pytest.fixture
def today():
    return TODAY


@pytest.fixture(params=RUBBISH.values(), ids=RUBBISH.keys())
def rubbish(request):
    make = request.param
    return make()


@pytest.fixture
def mistakes():
    """Gives every text that differs from a given one in one character, with the place of it."""

    def one_character_off(text, alphabet):
        for place, right in enumerate(text):
            for wrong in alphabet:
                if wrong != right:
                    yield place, text[:place] + wrong + text[place + 1 :]

    return one_character_off


@pytest.fixture
def refused():
    """Calls a reader that must refuse, and returns its error once that proves to tell nothing personal."""

    def call(read, text, **options):
        with pytest.raises(IdentityError) as caught:
            read(text, **options)
        error = caught.value
        assert error.text()  # the template and its parameters fit each other
        given = [value for name, value in error.parameters.items() if name != "on"]
        told = "\n".join(map(str, (*given, error.where, *error.args)))
        written = "".join(character for character in str(text)[:100].upper() if character.isalnum())
        runs = {written[start : start + 4] for start in range(len(written) - 3)}
        assert not [run for run in runs if any(map(str.isdigit, run)) and run in told.upper()]
        assert error.__cause__ is None
        return error

    return call
