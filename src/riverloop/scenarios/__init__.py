"""Control points that come with Riverloop, each a scenario file that a planner can read, change and run."""

from riverloop.scenarios.library import Bundled, bundled, open_bundled, text_of

__all__ = ["Bundled", "bundled", "open_bundled", "text_of"]
