"""Fieldsmith forges scientific code: submit a problem, get a solver that is proven to be good."""

__version__ = "0.1.0"
