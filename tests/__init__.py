"""The tests mirror src; this package marker keeps a stranger's `tests` package from standing in for it."""
