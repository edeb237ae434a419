"""Record: what happened, handed over in the transaction in which it happened, as commitments that tell nothing."""
