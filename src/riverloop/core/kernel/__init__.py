"""Words that every part of the core shares: sides, ids, money, instants, errors, canonical JSON."""
