"""Programs of toy methods that extend the frame of all families."""

from collections.abc import Iterator
from contextlib import contextmanager

from jinja2 import ChoiceLoader, DictLoader

from fieldsmith.boxes import program
from fieldsmith.boxes.form import Form
from fieldsmith.problems import Problem

FADING = """{% extends "program.py.jinja" %}
{% block method %}initial values that fade{% endblock %}
{% block solve %}
    shape = ({{ points|join(".size, ") }}.size,)
    fading = np.exp(-np.asarray({{ times }})).reshape((-1,) + (1,)*len(shape))
    return {% for one in inputs if one.role == "initial" %}{{ arguments[loop.index0] }}[:, None]*fading, {% endfor %}

{% endblock %}
"""
MODES = """{% extends "program.py.jinja" %}
{% block method %}sums of sine modes{% endblock %}
{% block settings %}
MODES = 32
{% endblock %}
{% block solve %}
    low, high = {{ domain[0][0] }}, {{ domain[0][1] }}
    own = low + (high - low)*(np.arange(4*MODES) + 0.5)/(4*MODES)
    waves = np.pi*np.arange(1, MODES + 1)/(high - low)
    values = np.broadcast_to({{ initial["u"][0] }}(own{% for name in ranged %}, {{ name }}{% endfor %}), own.shape)
    weights = np.sin(np.outer(waves, own - low)) @ values/(2*MODES)
    fading = np.exp(-np.outer({{ times }}, waves**2))
    return ((fading*weights) @ np.sin(np.outer(waves, {{ points[0] }} - low)))[None]
{% endblock %}
"""
SUM = """{% extends "program.py.jinja" %}
{% block method %}the sum of the coordinates{% endblock %}
{% block solve %}
    return sum(np.meshgrid({{ points|join(", ") }}, indexing="ij"))
{% endblock %}
"""


@contextmanager
def toys() -> Iterator[None]:
    """The toys' templates beside those of the families."""
    usual = program._templates.loader
    own = DictLoader({"fading.py.jinja": FADING, "modes.py.jinja": MODES, "sum.py.jinja": SUM})
    program._templates.loader = ChoiceLoader([own, usual])
    try:
        yield
    finally:
        program._templates.loader = usual


def toy(problem: Problem, template: str = "fading") -> str:
    """The program of a toy."""
    with toys():
        return program.render(f"{template}.py.jinja", Form(problem))
