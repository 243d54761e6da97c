"""The tasks that come along and are stated as an equation."""

from fieldsmith.tasks import PDETask, kinds


def names() -> list[str]:
    return [name for name, kind in kinds().items() if issubclass(kind, PDETask)]
