"""The apps: each does one thing a person comes for."""
