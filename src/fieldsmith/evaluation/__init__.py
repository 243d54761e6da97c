"""Where a program meets the references: metrics, order of convergence, and feedback an author can act on."""

from fieldsmith.evaluation.evaluation import Evaluation, Score
from fieldsmith.evaluation.judge import default_limits, evaluate

__all__ = ["Evaluation", "Score", "default_limits", "evaluate"]
