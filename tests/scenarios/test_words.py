"""How the bundled scenarios speak to readers of each way of writing Chinese."""

import pytest

from riverloop.scenarios import library


@pytest.mark.parametrize("key", library.keys())
def test_words_that_only_one_side_reads_stay_there(key):
    text = library.text_of(key)
    for word in ("最高日", "刊宪"):
        assert word not in text, word
