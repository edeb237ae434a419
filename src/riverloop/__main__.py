"""``python -m riverloop`` is the command ``riverloop``."""

from riverloop.cli import main

if __name__ == "__main__":
    main()
