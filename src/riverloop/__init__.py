"""Riverloop: run an innovation zone that lies across a boundary between two jurisdictions."""

__version__ = "0.1.0"
