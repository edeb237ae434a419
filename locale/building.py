"""The build backend: flit's, with the catalogues of this folder compiled into the wheel.

Compiled catalogues are not in git, so a wheel that holds only what git holds would speak English alone. They are
compiled in a copy: who builds, perhaps as root, leaves nothing in the sources. An editable install reads the sources
themselves; there `dev.py` compiles the catalogues.
"""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flit_core import buildapi
from flit_core.buildapi import (
    build_editable,
    build_sdist,
    get_requires_for_build_editable,
    get_requires_for_build_sdist,
    get_requires_for_build_wheel,
    prepare_metadata_for_build_editable,
    prepare_metadata_for_build_wheel,
)

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_editable",
    "prepare_metadata_for_build_wheel",
]

HERE = Path(__file__).resolve().parent
SOURCES = ("pyproject.toml", "README.md", "LICENSE", "src")
COMPILED = Path("src", "riverloop", "web", "locale")


def build_wheel(
    wheel_directory: str, config_settings: dict[str, Any] | None = None, metadata_directory: str | None = None
) -> str:
    """Build the wheel with every catalogue in it."""
    target = str(Path(wheel_directory).resolve())
    with tempfile.TemporaryDirectory(prefix="riverloop-wheel-") as folder:
        copy = Path(folder)
        for name in SOURCES:
            _copy(HERE.parent / name, copy / name)
        compile_catalogues(HERE, copy / COMPILED)
        with contextlib.chdir(copy):  # flit builds what lies where it stands
            name: str = buildapi.build_wheel(target, config_settings, metadata_directory)
    return name


def compile_catalogues(sources: Path, target: Path) -> None:
    """Compile each catalogue to where the program reads it.

    Raises:
        SystemExit: there is none, or one cannot be read.
    """
    from babel.messages.mofile import write_mo  # noqa: PLC0415 - a build alone needs it
    from babel.messages.pofile import PoFileError, read_po  # noqa: PLC0415 - the same

    found = list(_catalogues(sources))
    if not found:
        raise SystemExit(f"{sources} holds no catalogues, so the pages would speak English alone.")
    for source in found:
        compiled = target / source.relative_to(sources).with_suffix(".mo")
        compiled.parent.mkdir(parents=True, exist_ok=True)
        try:
            with source.open("rb") as text, compiled.open("wb") as file:
                write_mo(file, read_po(text, locale=source.parts[-3], abort_invalid=True))
        except (PoFileError, ValueError) as error:
            raise SystemExit(f"{source} does not compile: {error}") from None


def _catalogues(sources: Path) -> Iterator[Path]:
    yield from sorted(sources.glob("*/LC_MESSAGES/django.po"))


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "*.mo"))
    else:
        shutil.copy(source, target)
