"""Template tags of the place app."""
