"""What every test run shares: which database, which tools, what order, and Markdown whose examples run."""

import os
from collections.abc import Callable
from pathlib import Path

import hypothesis
import pytest
from sybil import Sybil
from sybil.integration.pytest import SybilItem
from sybil.parsers.markdown import PythonCodeBlockParser, SkipParser

from tests.tools import FOUND, SOAKING, TOOLS

ROOT = Path(__file__).parent
IN_CI = bool(os.environ.get("CI"))


# Hypothesis: no deadlines, since machines differ. CI tries the same examples each time, so that a red run
# is the change's own; people's machines try new ones, and a soak tries many.
hypothesis.settings.register_profile(
    "person", deadline=None, print_blob=True, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.register_profile("ci", hypothesis.settings.get_profile("person"), derandomize=True)
hypothesis.settings.register_profile("soak", hypothesis.settings.get_profile("person"), max_examples=5_000)
hypothesis.settings.load_profile("soak" if SOAKING else "ci" if IN_CI else "person")


# Markdown: the Python in README.md and docs runs, each document in a namespace of its own.
_collect_examples = Sybil(parsers=[PythonCodeBlockParser(), SkipParser()], pattern="*.md").pytest()


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    if file_path.suffix == ".md" and (file_path == ROOT / "README.md" or ROOT / "docs" in file_path.parents):
        return _collect_examples(file_path, parent)
    return None


# Tools that a person may lack: their tests are skipped in one line. CI must have them.
_missing_lines = pytest.StashKey[list[str]]()


def _skip_what_lacks_its_tool(config: pytest.Config, items: list[pytest.Item]) -> None:
    lines = config.stash.setdefault(_missing_lines, [])
    for marker, tool in TOOLS.items():
        needy = [item for item in items if item.get_closest_marker(marker)]
        if not needy or tool.find():
            continue
        line = f"{tool.name} is missing, so {len(needy)} {marker} tests did not run. {tool.how_to_get}"
        if IN_CI:
            raise pytest.UsageError(line)
        lines.append(line)
        for item in needy:
            item.add_marker(pytest.mark.skip(reason=f"{tool.name} is missing"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if SOAKING and FOUND:
        terminalreporter.write_line("| fault | times | found |\n|---|---|---|")
        for fault, times, found in sorted(FOUND):
            terminalreporter.write_line(f"| {fault} | {times:,} | {found} |")
    for line in config.stash.get(_missing_lines, []):
        terminalreporter.write_line(line, yellow=True)


# The database: `dev.py test` runs twice, and hands PostgreSQL's address over in DATABASE_URL.
VENDORS = {"sqlite": "sqlite3", "postgresql": "postgresql"}
_DATABASE_FIXTURES = {"db", "transactional_db", "django_db_reset_sequences", "django_db_serialized_rollback"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database",
        choices=sorted(VENDORS),
        help="insist on this database; with postgresql, only tests marked `database` run",
    )
    parser.addoption(
        "--in-browser", choices=("only", "never"), help="run only the tests marked `browser`, or all others"
    )


def pytest_configure(config: pytest.Config) -> None:
    wanted = config.getoption("--database")
    if wanted is None or not os.environ.get("DJANGO_SETTINGS_MODULE"):
        return
    from django.conf import settings  # noqa: PLC0415 - not before pytest-django has read the settings

    engine = settings.DATABASES["default"]["ENGINE"].rpartition(".")[2]
    if engine != VENDORS[wanted]:
        raise pytest.UsageError(
            f"The settings name {engine}, not {wanted}. Run: python3 dev.py test --database={wanted}"
        )


def pytest_itemcollected(item: pytest.Item) -> None:
    if _needs_database(item):
        item.add_marker(pytest.mark.database)
    if "fault_count" in getattr(item, "fixturenames", ()):
        item.add_marker(pytest.mark.fault)


def _needs_database(item: pytest.Item) -> bool:
    if item.get_closest_marker("browser"):  # pages are tried once; what they store is tested below them
        return False
    return bool(item.get_closest_marker("django_db") or _DATABASE_FIXTURES & set(getattr(item, "fixturenames", ())))


# The order


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--database") == "postgresql":
        _select(config, items, lambda item: item.get_closest_marker("database"))
    if wanted := config.getoption("--in-browser"):
        _select(config, items, lambda item: bool(item.get_closest_marker("browser")) == (wanted == "only"))
    # A document is read from its top, whatever order the tests have.
    in_order = iter(sorted((item for item in items if isinstance(item, SybilItem)), key=_place_in_document))
    items[:] = [next(in_order) if isinstance(item, SybilItem) else item for item in items]
    # Playwright keeps an event loop running in this thread, which Django takes for asynchronous code.
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)
    _skip_what_lacks_its_tool(config, items)


def _select(config: pytest.Config, items: list[pytest.Item], is_wanted: Callable[[pytest.Item], object]) -> None:
    config.hook.pytest_deselected(items=[item for item in items if not is_wanted(item)])
    items[:] = [item for item in items if is_wanted(item)]


def _place_in_document(item: SybilItem) -> tuple[Path, int]:
    return item.path, item.example.line
