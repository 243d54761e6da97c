"""How a network becomes an operator: what is asked for, data, losses, steps, what is kept so that a broken-off training goes on exactly."""
