"""Background work: one row a piece of work, with a lease, progress, cancel and a result."""
