"""Writes docs/permissions.md anew: `python -m tests.permissions`."""

import os
from pathlib import Path

PATH = Path(__file__).resolve().parents[1] / "docs" / "permissions.md"


def main() -> None:
    """Write the table as the code has it."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "riverloop.web.settings")
    import django

    django.setup()
    from riverloop.web.access import as_markdown

    PATH.write_text(as_markdown(), encoding="utf-8")


if __name__ == "__main__":
    main()
