"""A problem file out of a person's words: a model writes it, the checker mends it, the person sees it before anything is solved."""
