"""The house rules that a program can check: what may stand here, how long, and in which languages."""

import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

import dev
from tests import catalogues

ROOT = Path(__file__).resolve().parents[1]
MOST_LINES = 600
LANGUAGES = {"en", "zh-Hant", "zh-Hans"}
# Written in Hong Kong too, though Big5 lacks them: everyday letters and those of chemistry.
ALSO_TRADITIONAL = set("着酶肽酰醌肼肟嗪噻喹茚")
ALSO_SIMPLIFIED = set("磡")  # GB 2312 lacks this letter of a place name, which both write
DECISION_HEADINGS = ["Context", "Decision", "Consequences", "Rejected alternatives"]


def tracked(*patterns):
    """List what git holds, and what it would hold once added: a rule applies before the commit."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", *patterns]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip("not a git checkout")
    return [path for name in sorted(set(done.stdout.split("\0"))) if (path := ROOT / name).is_file()]


def texts(*patterns):
    for path in tracked(*patterns):
        content = path.read_bytes()
        if b"\0" not in content and "vectors" not in path.parts:
            yield path.relative_to(ROOT), content.decode("utf-8")


def found(pattern, sources):
    """Give each place where the pattern stands, as file:line: what."""
    wanted = re.compile(pattern)
    return [
        f"{name}:{number}: {match.group()}"
        for name, text in sources
        for number, line in enumerate(text.splitlines(), 1)
        for match in wanted.finditer(line)
    ]


# What may stand in the repository


def test_every_file_is_utf_8_ends_its_last_line_and_has_no_carriage_return():
    for name, text in texts():
        assert not text or text.endswith("\n"), f"{name} ends without a newline"
        assert "\r" not in text, f"{name} has carriage returns"


def test_no_file_names_the_folders_of_a_persons_machine():
    sources = ((name, re.sub(r"https?://\S+", "", text)) for name, text in texts())
    assert found(r"(?<![\w.~-])/(?:hom[e]|roo[t]|User[s]|wor[k]|farm)/[\w.-]+", sources) == []


def test_no_file_names_the_host_of_a_package_registry():
    hosts = [r"pypi\.or[g]", r"pythonhosted\.or[g]", r"npmjs\.(?:or[g]|com)", r"\bdeb\.debian\.or[g]"]
    hosts += [r"\bproxy\.golang\.or[g]", r"find-links\s+/", r"(?:extra-)?index-url\s+\w"]
    assert found("|".join(hosts), texts()) == []


def test_no_module_is_a_drawer_for_odds_and_ends():
    drawers = {"utils", "util", "helpers", "helper", "common", "misc", "tools"}
    named = [path for path in tracked("src/*.py") if drawers & {path.stem, *path.relative_to(ROOT).parts}]
    assert named == []


@pytest.mark.parametrize("pattern", ["src/**.py", "src/**.css", "src/**.js", "src/**.html", "tests/**.py", "dev.py"])
def test_no_file_is_longer_than_a_reader_can_hold(pattern):
    lengths = {name: text.count("\n") for name, text in texts(pattern)}
    assert {name: length for name, length in lengths.items() if length > MOST_LINES} == {}


def test_tests_mirror_the_source():
    for area in ("core", "apps"):
        tested = {path.relative_to(ROOT / "tests" / area).parts[0] for path in tracked(f"tests/{area}/*/*")}
        written = {
            path.relative_to(ROOT / "src/riverloop" / area).parts[0] for path in tracked(f"src/riverloop/{area}/*/*")
        }
        assert tested <= written


def test_templates_hold_no_script_or_style_that_the_content_security_policy_refuses():
    refused = [r"<style\b", r"\sstyle\s*=", r"\son[a-z]+\s*=\s*[\"']", r"javascript:"]
    refused += [r"<script(?![^>]*\ssrc=)(?![^>]*\stype=\"application/json\")"]
    assert found("|".join(refused), texts("src/**.html", "src/**.svg")) == []


def test_pages_load_nothing_from_another_host():
    loads = r"<(?:script|link|img|iframe|source)\b[^>]*\s(?:src|href)=[\"']?(?:https?:)?//"
    loads += r"|@import|url\([\"']?(?:https?:)?//"
    assert found(loads, texts("src/**.html", "src/**.css", "src/**.js")) == []


# Requirements


@pytest.mark.parametrize("name", dev.LOCKS)
def test_every_locked_package_has_a_hash_and_every_wanted_one_is_locked(name):
    lock = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    entries = re.split(r"\n(?=\w)", re.sub(r"^#.*\n", "", lock, flags=re.MULTILINE))
    assert all(re.match(r"[\w.-]+==\S", entry) and "--hash=sha256:" in entry for entry in entries)
    locked = {entry.partition("==")[0] for entry in entries}
    assert wanted_of(name) <= locked


def test_the_project_asks_for_what_the_base_requirements_ask_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert {plain(line) for line in project["dependencies"]} == wanted_of("base") - {"flit-core"}
    for extra, wanted in project["optional-dependencies"].items():
        assert {plain(line) for line in wanted} == wanted_of(extra)


def wanted_of(name):
    lines = (ROOT / "requirements" / f"{name}.in").read_text(encoding="utf-8").splitlines()
    return {plain(line) for line in lines if line and not line.startswith(("#", "-"))}


def plain(requirement):
    return re.match(r"[\w.-]+", requirement).group().lower().replace("_", "-")


# Documents


def test_every_link_in_a_document_leads_somewhere():
    lost = []
    for name, text in texts("*.md", "docs/**.md"):
        prose = re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.DOTALL)
        for target in re.findall(r"\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)|^\[[^\]]+\]:\s+(\S+)", prose, flags=re.MULTILINE):
            path, _, anchor = "".join(target).partition("#")
            if re.match(r"[a-z]+:", path):
                continue
            place = (ROOT / name).parent / path if path else ROOT / name
            if not place.exists() or (anchor and anchor not in anchors(place)):
                lost.append(f"{name}: {''.join(target)}")
    assert lost == []


def anchors(path):
    """Slug the headings as hosts of Markdown do."""
    headings = re.findall(r"^#+\s+(.+)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {
        re.sub(r"[^\w\- ]", "", re.sub(r"\]\([^)]*\)", "", heading).lower()).replace(" ", "-") for heading in headings
    }


def test_every_task_that_a_document_names_exists():
    for name, text in texts("*.md", "docs/**.md"):
        for task in re.findall(r"(?:python3 |`)dev\.py ([a-z]+)", text):
            assert task in dev.TASKS, f"{name} names the task {task}"


def test_every_decision_says_why_what_follows_and_what_was_rejected():
    for name, text in texts("docs/decisions/[0-9]*.md"):
        assert re.match(r"# \d{4}\. \S", text), f"{name} begins with its number and title: # 0001. Title"
        assert text.startswith(f"# {name.name[:4]}. "), f"{name} carries another number in its title"
        assert re.findall(r"^## (.+)$", text, flags=re.MULTILINE) == DECISION_HEADINGS, f"{name} has other headings"
        assert text.count("\n") <= 80, f"{name} is longer than a page"


def test_no_two_decisions_share_a_number():
    numbers = [path.name[:4] for path in tracked("docs/decisions/[0-9]*.md")]
    assert sorted(set(numbers)) == numbers


# Three languages


def test_every_text_for_people_in_rules_and_zones_is_in_three_languages():
    lacking = [
        f"{place}: {', '.join(sorted(LANGUAGES - {key for key, text in entry.items() if text}))}"
        for place, entry in multilingual()
        if not all(entry.get(language) for language in LANGUAGES)
    ]
    assert lacking == []


def test_traditional_and_simplified_letters_are_not_mixed():
    mixed = [
        f"{place} ({language}): {''.join(sorted(letters))}"
        for place, entry in multilingual()
        for language in ("zh-Hant", "zh-Hans")
        if (letters := foreign_letters(str(entry.get(language, "")), language))
    ]
    assert mixed == []


@pytest.mark.parametrize("language", catalogues.LANGUAGES)
def test_the_catalogue_uses_the_letters_of_its_language(language):
    held = catalogues.load(language, ROOT / "locale")
    tag = language.replace("_", "-")
    mixed = {
        text: bad for message in held for text in catalogues.strings(message) if (bad := foreign_letters(text, tag))
    }
    assert mixed == {}


def multilingual() -> Iterator[tuple[str, dict]]:
    folders = ("packs", "scenarios", "traffic", "zones")
    for name, text in texts(*(f"src/riverloop/{folder}/**.yaml" for folder in folders)):
        for document in yaml.safe_load_all(text):
            yield from ((f"{name} {place}", entry) for place, entry in entries_of(document))


def entries_of(node, place="") -> Iterator[tuple[str, dict]]:
    if isinstance(node, dict):
        if LANGUAGES & node.keys():
            yield place, node
        for key, value in node.items():
            yield from entries_of(value, f"{place}.{key}")
    elif isinstance(node, list):
        for number, value in enumerate(node):
            name = value.get("id", value.get("name", number)) if isinstance(value, dict) else number
            yield from entries_of(value, f"{place}.{name}")


def foreign_letters(text, language):
    """Find letters that only the other way of writing has: the national character sets tell which."""
    own, other = ("big5", "gb2312") if language == "zh-Hant" else ("gb2312", "big5")
    shared = ALSO_TRADITIONAL if language == "zh-Hant" else ALSO_SIMPLIFIED
    return {letter for letter in text if has(other, letter) and not has(own, letter)} - shared


def has(charset, letter):
    try:
        letter.encode(charset)
    except UnicodeEncodeError:
        return False
    return True


@pytest.mark.parametrize(
    ("text", "language", "wrong"),
    [
        ("深圳園區", "zh-Hant", ""),
        ("深圳园区", "zh-Hant", "园区"),
        ("深圳园区", "zh-Hans", ""),
        ("深圳園區", "zh-Hans", "園區"),
        ("A/B 5%", "zh-Hans", ""),
    ],
)
def test_letters_are_told_apart(text, language, wrong):
    assert foreign_letters(text, language) == set(wrong)
