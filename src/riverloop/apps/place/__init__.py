"""Place: the parks of the zone, the river between them, and what is known of both."""
