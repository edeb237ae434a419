"""The demo: a cast whose names say what they do, and a made-up day. Everyone and everything in it is synthetic."""
