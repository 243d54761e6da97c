"""What an equation is, as data, and what a numerical analyst reads off it."""
