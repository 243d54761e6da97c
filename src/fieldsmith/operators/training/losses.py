"""What is made small: the error that programs are judged by."""

import torch
from torch import Tensor

LEAST = 1e-12


def relative_errors(found: Tensor, wanted: Tensor, norms: Tensor | None = None) -> Tensor:
    """||found - wanted||_2 / ||wanted||_2 of each sample, [batch], norms over frames, results and space (arXiv 2010.08895, section 5).

    `norms` [batch] replace those of `wanted`, where that is only a part of the solution.
    """
    apart = torch.sqrt((found - wanted).flatten(1).square().sum(1).clamp_min(LEAST * LEAST))
    return apart / (wanted.flatten(1).norm(dim=1) if norms is None else norms).clamp_min(LEAST)
