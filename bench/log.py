"""The log: appended to in memory and on disk beside pymerkle, and an export of a million entries verified.

The same entries go into both, and every root is compared. `python3 dev.py bench log`
"""

from __future__ import annotations

import sys

from bench import _append, _durable


def main() -> int:
    """Measure each part, and fail if one misses its target."""
    reached = [_append.append(), _durable.durable(), _append.verify()]
    return int(not all(reached))


if __name__ == "__main__":
    sys.exit(main())
