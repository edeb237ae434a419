"""Clearance: what both sides' laws say of a movement, and the law's own pages."""
