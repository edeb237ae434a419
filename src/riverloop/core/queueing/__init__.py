"""Simulates control points: passengers, stations, rosters, exact to the event."""
