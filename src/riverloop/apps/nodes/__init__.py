"""Which sides this process hosts, their keys, and how one side's node calls the other's."""
