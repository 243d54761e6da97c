"""Fourier series: problems whose axes are all periodic, in one, two and three dimensions.

`family.py` says what suits and which variants there are, `split.py` parts equations into what is linear with constant coefficients and the
rest, `eliminated.py` judges what is solved wave by wave, `shocks.py` and `resolution.py` how smooth solutions are; `source.py`, `evolution_source.py` and
`steady_source.py` give the templates `fourier*.py.jinja` their values.
"""

from fieldsmith.boxes.families.fourier.family import Fourier

__all__ = ["Fourier"]
