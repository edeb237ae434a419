"""Each benchmark beside the peer it is measured against, in one run, on the same input, with the same answers."""
