"""Backups: one file that holds a node but its keys, and the way back from it."""
