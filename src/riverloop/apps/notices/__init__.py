"""What one side tells the other, signed; mail; and webhooks: an outbox each, tried again until delivered."""
