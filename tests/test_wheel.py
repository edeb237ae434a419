"""A wheel built from what git holds, and from nothing else, is the whole program: texts, pages, law and data."""

import gettext
import importlib.util
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests import catalogues
from tests.test_repository import tracked

ROOT = Path(__file__).resolve().parents[1]
INSTALLED = "src/riverloop"
# One of each sort, so that the test itself cannot pass by comparing nothing with nothing.
SORTS = {
    "web/static/": ".css",
    "web/templates/": ".html",
    "packs/hk/": ".yaml",
    "zones/": ".yaml",
    "scenarios/": ".yaml",
    "traffic/data/": ".parquet",
    "apps/parties/templates/": ".html",
}
PAGE = """
import django
django.setup()
from django.test import Client
print(Client().get("/", headers={"Accept-Language": "zh-Hant"}).content.decode())
"""


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """Lay out what `git archive` would write of the files as they are now."""
    folder = tmp_path_factory.mktemp("archive")
    for path in tracked():
        target = folder / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    return folder


@pytest.fixture(scope="module")
def wheel(archive, tmp_path_factory):
    made = tmp_path_factory.mktemp("made")
    command = [sys.executable, "-m", "pip", "wheel", "--disable-pip-version-check", "--quiet", "--no-deps"]
    done = subprocess.run(
        [*command, "--no-build-isolation", "--wheel-dir", str(made), "."],
        cwd=archive, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (built,) = made.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    folder = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(folder)
    return folder


@pytest.mark.slow
def test_a_wheel_holds_every_file_of_the_program_and_the_sources_stay_as_they_were(archive, wheel):
    held = {path.relative_to(archive / "src").as_posix() for path in (archive / INSTALLED).rglob("*") if path.is_file()}
    with zipfile.ZipFile(wheel) as packed:
        inside = {name for name in packed.namelist() if not name.partition("/")[0].endswith(".dist-info")}
    assert held - inside == set()
    assert inside - held == {f"riverloop/web/locale/{one}/LC_MESSAGES/django.mo" for one in catalogues.LANGUAGES}
    for folder, ending in SORTS.items():
        assert any(name.startswith(f"riverloop/{folder}") and name.endswith(ending) for name in inside), folder


@pytest.mark.slow
@pytest.mark.parametrize("language", catalogues.LANGUAGES)
def test_a_wheel_speaks_every_text_of_its_catalogues(installed, language):
    compiled = installed / f"riverloop/web/locale/{language}/LC_MESSAGES/django.mo"
    with compiled.open("rb") as file:
        spoken = gettext.GNUTranslations(file)
    held = [one for one in catalogues.texts(catalogues.load(language, ROOT / "locale")) if isinstance(one.id, str)]
    wanted = {(one.context, one.id): one.string or one.id for one in held}
    assert len(wanted) > 1_000
    said = {
        (context, text): spoken.pgettext(context, text) if context else spoken.gettext(text) for context, text in wanted
    }
    assert {key: text for key, text in said.items() if text != wanted[key]} == {}


@pytest.mark.slow
def test_what_a_wheel_installs_checks_its_law_and_says_nothing_of_missing_texts(installed, tmp_path):
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("RIVERLOOP_", "DATABASE_URL"))}
    environment = kept | {"PYTHONPATH": str(installed), "RIVERLOOP_DATA": str(tmp_path / "data")}

    def run(*words):
        return subprocess.run(
            [sys.executable, *words], env=environment | {"DJANGO_SETTINGS_MODULE": "riverloop.web.settings"},
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip

    where = run("-c", "import riverloop; print(riverloop.__file__)")
    assert Path(where.stdout.strip()).is_relative_to(installed)
    assert run("-m", "riverloop", "rules", "check").returncode == 0
    checked = run("-m", "riverloop", "check")
    assert checked.returncode == 1
    assert "The texts in" not in checked.stdout
    assert run("-m", "riverloop", "work", "--once").returncode == 0
    page = run("-c", PAGE)
    assert page.returncode == 0, page.stderr
    assert '<html lang="zh-Hant"' in page.stdout
    assert "登入" in page.stdout


def building():
    """Load the build backend, as pip does, from its own folder."""
    spec = importlib.util.spec_from_file_location("building", ROOT / "locale" / "building.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "holds no catalogues"), (b'msgid "\xff"', r"django\.po does not compile"), (b"river", "does not compile")],
)
def test_without_a_catalogue_that_can_be_read_no_wheel_is_built(tmp_path, content, said):
    source = tmp_path / "zh_Hans" / "LC_MESSAGES" / "django.po"
    source.parent.mkdir(parents=True)
    if content is not None:
        source.write_bytes(content)
    with pytest.raises(SystemExit, match=said):
        building().compile_catalogues(tmp_path, tmp_path / "target")
