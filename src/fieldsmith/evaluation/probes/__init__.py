"""Why a program that runs does not converge: probes of it with inputs of the judge's own making, told without any reference."""
