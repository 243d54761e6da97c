"""The hard scale: its own defaults and kinds of data, with references that are checked in other ways."""

import numpy as np
import pytest

from fieldsmith.errors import InputError
from fieldsmith.tasks import load
from fieldsmith.tasks.cole_hopf import Profile, cole_hopf
from fieldsmith.tasks.colonies import Colonies
from fieldsmith.tasks.muscl_hancock import finite_volume_solution
from fieldsmith.tasks.pde import PDETask, seeded
from fieldsmith.tasks.published import distances
from fieldsmith.tasks.scalar import cell_centres
from fieldsmith.tasks.stepped import SLOTS, Stepped, random_stepped, take_apart
from fieldsmith.tasks.waves import random_waves

FIVE = ("advection", "burgers", "cns1d", "darcy", "reacdiff1d")


def hard(name: str, **parameters: float) -> PDETask:
    task = load(name, parameters, "hard")
    assert isinstance(task, PDETask)
    return task


@pytest.mark.parametrize("name", FIVE)
def test_the_scale_has_defaults_of_its_own_and_what_is_given_wins(name: str) -> None:
    usual, own = load(name).parameters, hard(name).parameters
    assert own != usual
    for key in own:
        assert hard(name, **{key: usual[key]}).parameters == {**own, key: usual[key]}
    assert type(hard(name))({}, "hard").parameters == own
    assert load(name, scale="paper").parameters == usual


@pytest.mark.parametrize("name", FIVE)
def test_the_statement_tells_the_values_of_the_scale(name: str) -> None:
    statement = hard(name).brief().statement
    said = {
        "advection": ("beta = 0.7", "Initial values jump", "without steps"),
        "burgers": ("nu = 0.0003183098862",),
        "cns1d": ("eta = 0.0025", "before shocks form"),
        "darcy": ("values 3 and 3000", "touch at a corner"),
        "reacdiff1d": ("nu = 1e-05", "rho = 15", "bumps"),
    }[name]
    assert all(words in statement for words in said)


def test_a_task_without_the_scale_says_so(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(
        "from fieldsmith.tasks import Signature, SimpleTask\n\n\nclass Mine(SimpleTask):\n    name = title = 'mine'\n"
        "    signature = Signature('f', (), ())\n\n"
        "    def inputs(self, rng):\n        return {}\n"
    )
    with pytest.raises(InputError, match=r"mine has no scale 'hard'\. Use demo\."):
        load("mine.py", scale="hard")


def test_a_file_and_the_hard_scale_exclude_each_other(tmp_path) -> None:
    file = tmp_path / "data.hdf5"
    file.write_bytes(b"")
    with pytest.raises(InputError, match=r"The scale hard says what data to generate.*Leave one of them out"):
        load("advection", scale="hard", data=file)


@pytest.mark.parametrize(
    "name",
    [
        "advection",
        *(pytest.param(name, marks=pytest.mark.slow) for name in ("burgers", "cns1d", "darcy", "reacdiff1d")),
    ],
)
def test_the_data_is_made_and_trusted(name: str, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With two samples of each, as all of them take minutes for the gas."""
    monkeypatch.setenv("FIELDSMITH_HOME", str(tmp_path))
    task = hard(name)
    sizes = {**task.sizes_at("hard"), "dev": 2, "test": 2}
    monkeypatch.setattr(type(task), "sizes_by_scale", {**task.sizes_by_scale, "hard": sizes})
    if name == "cns1d":
        task.last_time = 0.2
    (case,) = task.split("dev")
    worst = {"advection": 1e-14, "burgers": 1e-12, "cns1d": 1e-5, "darcy": 1e-4, "reacdiff1d": 1e-7}[name]
    assert case.reference_error < worst
    assert case.trusted is not None
    assert case.trusted < max(worst, 1e-7)


def test_jumps_lie_midway_between_samples_and_move_exactly() -> None:
    advection = hard("advection")
    fields = advection.initial_fields(np.random.default_rng(4), 6, smooth=False)
    assert isinstance(fields, Stepped)
    assert set(fields.kinds) == {"steps", "steps on waves"}
    for points in (64, 256, 1024):
        assert not np.mod(fields.places * points, 1.0).any()
    u = advection.reference(fields, 256, 1)["u_batch"]
    dense, t = 256 * 5 * 7, advection.times()
    moved = fields(cell_centres(dense))[:, (np.arange(dense) - round(0.7 * t[25] * dense)) % dense]
    assert np.abs(moved[:, dense // 512 :: dense // 256] - u[:, 25]).max() < 1e-12
    assert np.abs(np.diff(u, axis=2)).max(axis=(1, 2)).min() > 0.1


@pytest.mark.parametrize("points", [64, 256])
def test_steps_and_waves_are_told_apart_from_samples(points: int) -> None:
    fields = random_stepped(np.random.default_rng(5), 40)
    for sample in range(40):
        apart = take_apart(fields.take(slice(sample, sample + 1))(cell_centres(points))[0])
        if apart is None:
            assert points == SLOTS  # too many jumps for so few samples
            continue
        waves = fields.waves(cell_centres(points))[sample]
        assert np.ptp(apart.smooth - waves) < 1e-9
        assert len(apart.faces) == np.count_nonzero(fields.heights[sample])


def test_fields_without_jumps_are_not_taken_apart() -> None:
    fields = random_waves(np.random.default_rng(6), 30)
    assert all(take_apart(one) is None for one in fields(cell_centres(256)))


def test_quadrature_moves_an_inviscid_profile_along_its_characteristics() -> None:
    """Before fronts form, and at next to no viscosity, u(t, x + u0 t) = u0(x)."""
    x0 = cell_centres(64)
    profile = Profile(lambda x: 0.3 * np.sin(2.0 * np.pi * x) + 0.2, np.zeros(0))
    t = 0.3
    u0 = profile.values(x0)
    found = cole_hopf(profile, 1e-7, np.array([0.0, t]), x0 + t * u0, 4000, 8)[1]
    assert np.abs(found - u0).max() < 1e-5


@pytest.mark.slow
def test_quadrature_agrees_with_the_fourier_method() -> None:
    task = hard("burgers", nu=0.01)
    fields = task.initial_fields(seeded(task, "dev"), 8, smooth=False)
    some = fields.take(slice(4, 8))
    profiles = [
        Profile(lambda x, one=one: one(x)[0], one.kinks(0)) for one in (some.take(slice(n, n + 1)) for n in range(4))
    ]
    exact = task._transformed(profiles, 64, 1)
    assert distances(task.reference(some, 64, 1), exact).max() < 1e-7


@pytest.mark.slow
def test_fronts_run_where_the_log_of_the_solution_says() -> None:
    """Method of lines for w = log(u / (1 - u)), in which tails are no smaller than anything else: an independent reference."""
    from scipy.integrate import solve_ivp

    task = hard("reacdiff1d")
    nu, rho = task.parameters["nu"], task.parameters["rho"]
    one = Colonies(np.full((1, 1), 0.5), np.full((1, 1), 0.015), np.full((1, 1), 0.5))
    task.last_time = 0.5
    u = task.reference(one, 256, 1)["u_batch"][0, -1]
    n = 2048
    x = (np.arange(n) + 0.5) / n
    start = np.log(0.5) - 0.5 * ((x - 0.5) / 0.015) ** 2

    def rate(_: float, w: np.ndarray) -> np.ndarray:
        wide = np.concatenate([2 * w[:1] - w[1:2], w, 2 * w[-1:] - w[-2:-1]])
        slope, bend = (wide[2:] - wide[:-2]) * n / 2, (wide[2:] - 2 * wide[1:-1] + wide[:-2]) * n**2
        return nu * (bend + slope**2) + rho * (1 - np.exp(np.minimum(w, 1.0)))

    solved = solve_ivp(rate, (0.0, 0.5), start, "RK45", rtol=1e-7, atol=1e-7)
    expected = np.exp(solved.y[:, -1]).reshape(256, 8)[:, 3:5].mean(axis=1)
    near = np.abs((np.arange(256) + 0.5) / 256 - 0.5) < 0.2
    assert np.linalg.norm((u - expected)[near]) < 5e-3 * np.linalg.norm(expected)


@pytest.mark.slow
def test_the_gas_reference_agrees_with_finite_volumes() -> None:
    task = hard("cns1d")
    task.last_time = 0.3
    fields = task.initial_fields(seeded(task, "dev"), 8, smooth=False).take(slice(0, 1))
    ours = task.reference(fields, 128, 0)
    x = -1.0 + (np.arange(27 * 128) + 0.5) * 2.0 / (27 * 128)
    volumes = finite_volume_solution(fields(x), 2.0, task.times(), task.mu)
    other = dict(zip(("Vx", "density", "pressure"), (field[..., 13::27] for field in volumes), strict=True))
    assert distances(ours, other).max() < 2e-3


def test_no_patches_of_darcy_touch_at_a_corner_alone() -> None:
    task = hard("darcy")
    a = task.initial_fields(seeded(task, "dev"), 8, smooth=False)(65)
    assert set(np.unique(a)) == {3.0, 3000.0}
    first, second, third, fourth = a[:, :-1, :-1], a[:, 1:, :-1], a[:, :-1, 1:], a[:, 1:, 1:]
    assert not ((first == fourth) & (second == third) & (first != second)).any()
    assert (np.abs((a > 3.0).mean(axis=(1, 2)) - 0.5) < 0.45).all()


@pytest.mark.slow
def test_the_estimated_error_of_high_contrast_is_honest() -> None:
    from fieldsmith.tasks.poisson import solve_split

    task = hard("darcy")
    fields = task.initial_fields(seeded(task, "dev"), 8, smooth=False).take(slice(0, 1))
    fine, coarse = task.reference(fields, 17, 1)["u"], task.reference(fields, 17, 0)["u"]
    truth = np.stack([solve_split(a, 45, 1.0) for a in fields(17)])
    rest = np.linalg.norm(solve_split(fields(17)[0], 27, 1.0) - truth) / np.linalg.norm(truth)
    error = np.linalg.norm(fine - truth) / np.linalg.norm(truth)
    assert error < 3 * np.linalg.norm(fine - coarse) / np.linalg.norm(fine) + rest
