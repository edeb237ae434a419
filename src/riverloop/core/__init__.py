"""The pure core: no Django, clock, network, database or global randomness."""
