"""A whole task of a few lines as a file's text."""

SOURCE = '''
import numpy as np
from fieldsmith.tasks.simple import SimpleTask
from fieldsmith.tasks.task import Signature, data, result


class Twice(SimpleTask):
    """Double the values."""

    name, title = "twice", "Doubling"
    signature = Signature("f", (data("x", ("n",), "values"),), (result("y", ("n",), "twice the values"),))

    def inputs(self, rng):
        return {"x": rng.random(3)}

    def reference(self, inputs):
        return {"y": 2.0 * inputs["x"]}
'''
