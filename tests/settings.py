"""Writes docs/guides/settings.md anew: `python -m tests.settings`."""

from pathlib import Path

from riverloop.web.environment import as_markdown

PATH = Path(__file__).resolve().parents[1] / "docs" / "guides" / "settings.md"


if __name__ == "__main__":
    PATH.write_text(as_markdown(), encoding="utf-8")
