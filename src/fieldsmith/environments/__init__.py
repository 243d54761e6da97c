"""What a tool-using agent acts on: typed actions, documentation on demand, observations."""
