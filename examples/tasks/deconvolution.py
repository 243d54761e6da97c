"""An inverse problem as a task that is no PDE: fieldsmith solve examples/tasks/deconvolution.py --model ..."""

import numpy as np

from fieldsmith.tasks import Arrays, Inputs, Parameter, Signature, SimpleTask, data, result


class Deconvolution(SimpleTask):
    """Undo a blur. A signal x of n values is blurred by the kernel w, periodically, and weakly disturbed: b = w * x + noise.

    Find the regularised least-squares solution, the x that makes

        |w * x - b|^2 + weight |D x|^2

    least, where (w * x)[i] = sum over j of w[j] x[i - j], indices modulo n, and (D x)[i] = x[i + 1] - x[i].
    """

    name = "deconvolution"
    title = "Regularised deconvolution of signals"
    known_parameters = {"weight": Parameter(1e-3, 1e-8, 1.0, "weight of the roughness")}
    signature = Signature(
        "deconvolved",
        (
            data("blurred", ("batch", "n"), "blurred signals b"),
            data("kernel", ("n",), "kernel w, the same for all signals"),
            data("weight", (), "weight of the roughness"),
        ),
        (result("signal", ("batch", "n"), "the signals x"),),
    )

    def inputs(self, rng: np.random.Generator) -> dict[str, np.ndarray | float]:
        n = 200
        place = np.minimum(np.arange(n), n - np.arange(n))
        kernel = np.exp(-0.5 * (place / 4.0) ** 2)
        kernel /= kernel.sum()
        signal = np.cumsum(rng.standard_normal((5, n)) * (rng.random((5, n)) < 0.05), axis=1)
        blurred = np.fft.ifft(np.fft.fft(kernel) * np.fft.fft(signal)).real + 1e-3 * rng.standard_normal((5, n))
        return {"blurred": blurred, "kernel": kernel, "weight": self.parameters["weight"]}

    def reference(self, inputs: Inputs) -> Arrays:
        """The normal equations, solved by Cholesky."""
        kernel, blurred = np.asarray(inputs["kernel"]), np.asarray(inputs["blurred"])
        blur = np.stack([np.roll(kernel, j) for j in range(kernel.size)], axis=1)
        slope = np.roll(np.eye(kernel.size), -1, axis=0) - np.eye(kernel.size)
        matrix = blur.T @ blur + float(inputs["weight"]) * slope.T @ slope
        return {"signal": np.linalg.solve(matrix, blur.T @ blurred.T).T}

    def rougher_reference(self, inputs: Inputs) -> Arrays:
        """The same with Fourier coefficients, each of which has an equation of its own."""
        kernel, blurred = np.fft.fft(np.asarray(inputs["kernel"])), np.fft.fft(np.asarray(inputs["blurred"]))
        slope = np.abs(np.exp(2j * np.pi * np.fft.fftfreq(kernel.size)) - 1.0) ** 2
        return {
            "signal": np.fft.ifft(
                kernel.conj() * blurred / (np.abs(kernel) ** 2 + float(inputs["weight"]) * slope)
            ).real
        }
