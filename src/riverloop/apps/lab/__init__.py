"""Lab: a change is tried before it is made. Scenarios of control points, experiments with them, and real traffic."""
