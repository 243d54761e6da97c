"""What writes programs from an equation and typed choices, without knowing who asks."""
