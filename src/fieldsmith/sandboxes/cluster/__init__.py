"""Sandboxes on the nodes of a Ray cluster: programs and inputs go there, arrays come back, references stay here."""
