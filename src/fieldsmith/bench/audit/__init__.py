"""Whether a suite rewards what is no work: cheap exploits of each task, scored by the real judge in the real sandbox."""
