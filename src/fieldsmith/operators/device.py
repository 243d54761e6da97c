"""Which device networks run on."""

import torch

from fieldsmith.errors import InputError
from fieldsmith.machine import processor


def chosen(asked: str = "auto") -> torch.device:
    """The device of that name; `auto` is the first GPU that there is, else the CPU. Raises InputError for one that is not here."""
    if asked == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(asked)
    except RuntimeError:  # whose words are a list of all kinds that torch has ever known
        raise InputError(f"--device {asked} is no device.", "Give auto, cpu, cuda, cuda:1 or mps.") from None
    try:
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).strip().splitlines()[0].rstrip(".")
        raise InputError(f"--device {asked} cannot be used: {reason}.", "auto takes what there is.") from None
    return device


def described(device: torch.device) -> str:
    """What a figure was measured on, in words."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return processor() if device.type == "cpu" else device.type


def wait(device: torch.device) -> None:
    """Until all that was asked of the device is done, so that a clock tells the truth."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def peak_mb(device: torch.device) -> float | None:
    """Largest memory of the device so far, where it tells."""
    return torch.cuda.max_memory_allocated(device) / 2**20 if device.type == "cuda" else None
