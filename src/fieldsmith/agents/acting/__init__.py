"""Agents that act: given an environment and what has happened so far, the next calls; a model's, a script's, or random ones."""
