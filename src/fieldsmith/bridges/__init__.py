"""What joins Fieldsmith to other programs by their own protocols."""
