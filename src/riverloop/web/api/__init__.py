"""The HTTP API: where its routers are put together, and what every request to it goes through."""
