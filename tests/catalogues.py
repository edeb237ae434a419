"""Keeps locale/ in step with the texts in code and templates: `python -m tests.catalogues check|update`."""

import io
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from babel.messages import Catalog, Message
from babel.messages.extract import extract_from_dir, extract_javascript
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[1]
LANGUAGES = ("zh_Hant", "zh_Hans")
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
    "N_": None,  # marked where it is written, translated where it is shown: errors and tables
}
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|\{\w+\}")


def extract_template(source: io.BufferedIOBase, keywords, comment_tags, options) -> Iterator[tuple]:
    """Read a Django template: Django turns its tags into calls, and what is left looks like JavaScript."""
    from django.utils.translation.template import templatize

    text = templatize(source.read().decode("utf-8"))
    return extract_javascript(io.BytesIO(text.encode("utf-8")), keywords, comment_tags, options)


def extract(folder: Path = ROOT / "src" / "riverloop") -> Catalog:
    """Collect every text to translate below ``folder``."""
    methods = [("**/templates/**", extract_template), ("**.py", "python")]
    found = Catalog(fuzzy=False, charset="utf-8")
    for name, line, message, comments, context in extract_from_dir(
        folder, methods, {"**": {"encoding": "utf-8"}}, KEYWORDS, ("Translators:",), strip_comment_tags=True
    ):
        found.add(message, locations=[(name, line)], auto_comments=comments, context=context)
    return found


def path_of(language: str, locale: Path) -> Path:
    return locale / language / "LC_MESSAGES" / "django.po"


def load(language: str, locale: Path) -> Catalog:
    path = path_of(language, locale)
    if not path.exists():
        return Catalog(
            locale=language,
            project="Riverloop",
            version="0",
            header_comment=f"# Riverloop in {language}. Entries come from `python3 dev.py messages`.",
            msgid_bugs_address="see SECURITY.md and CONTRIBUTING.md",
            last_translator="The Riverloop maintainers",
            language_team=language,
            fuzzy=False,
        )
    with path.open("rb") as source:
        return read_po(source, locale=language)


def problems(language: str, wanted: Catalog, locale: Path = ROOT / "locale") -> Iterator[str]:
    """Say what one language lacks."""
    held = load(language, locale)
    for message in texts(wanted):
        translation = held.get(message.id, message.context)
        if translation is None or not all(strings(translation)):
            yield f"not translated: {name(message)}"
        elif translation.fuzzy:
            yield f"fuzzy, so not used: {name(message)}"
        else:
            yield from (f"{name(message)}: {wrong}" for wrong in mistakes(translation))
    for message in texts(held):
        if wanted.get(message.id, message.context) is None:
            yield f"no longer used: {name(message)}"


def texts(catalogue: Catalog) -> Iterable[Message]:
    return (message for message in catalogue if message.id)


def strings(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ("",))


def name(message: Message) -> str:
    text = message.id if isinstance(message.id, str) else message.id[0]
    return f'"{text[:70]}"' + (f" ({message.context})" if message.context else "")


def mistakes(translation: Message) -> Iterator[str]:
    """Compare the places for values: a translation that loses one loses what it stands for."""
    # A language without plurals has one form, which stands for the plural.
    original = translation.id if isinstance(translation.id, str) else translation.id[-1]
    wanted = set(PLACEHOLDER.findall(original))
    for text in strings(translation):
        if odd := wanted ^ set(PLACEHOLDER.findall(text)):
            yield f"differs in {', '.join(sorted(odd))}"


def check() -> int:
    """Print what is missing in any language; 1 if something is."""
    wanted = extract()
    found = [(language, problem) for language in LANGUAGES for problem in problems(language, wanted)]
    for language, problem in found:
        print(f"locale/{language}: {problem}")
    if found:
        print(f"{len(found)} problems. Run `python3 dev.py messages`, translate what is empty, and check again.")
    return int(bool(found))


def update(locale: Path = ROOT / "locale") -> int:
    """Bring the catalogues to what code and templates say; what they already translate stays."""
    wanted = extract()
    for language in LANGUAGES:
        held = load(language, locale)
        held.update(wanted, no_fuzzy_matching=True, update_creation_date=False)
        held.fuzzy = False
        written = io.BytesIO()
        write_po(written, held, width=100, sort_output=True, ignore_obsolete=True, include_lineno=False)
        path = path_of(language, locale)
        if not path.exists() or path.read_bytes() != written.getvalue():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(written.getvalue())
        empty = sum(not all(strings(message)) for message in texts(held))
        print(f"{path.relative_to(locale.parent)}: {len(held)} texts, {empty} to translate")
    return 0


if __name__ == "__main__":
    sys.exit({"check": check, "update": update}[sys.argv[1]]())
