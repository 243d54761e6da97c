"""Episodes of agents in environments: played, kept step by step, taken up again, replayed and scored again."""
