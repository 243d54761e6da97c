"""The PDE workbench: solvers are written, or composed from named blocks, measured, looked at, changed and handed in."""
