"""Law as data: dated predicates over typed facts, decided for both sides with their reasons."""
