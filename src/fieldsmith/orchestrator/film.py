"""`best/film.gif` and, where ffmpeg is found, `best/film.mp4`: a plane of values that changes in time.

Colours are viridis, even in lightness, over the same range in all frames; a bar says what they mean. Panels stand below each other, so that the film
can be read at the width of a phone.
"""

import io
import math
import shutil
import subprocess
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from fieldsmith.files import write_whole

GIF, MP4 = "film.gif", "film.mp4"
MOST_BYTES = 1_400_000
"""Of a film in the format GIF, which stands in the report."""
TRIES = ((60, 1.0), (40, 1.0), (30, 0.85), (24, 0.7), (16, 0.6), (12, 0.5))
"""Frames at most and the size of the map, until the film is small enough."""
MOST_PANELS = 3
SIDE, TALLEST, FLATTEST = 300, 1.3, 0.25
"""Pixels of a map's width, and bounds of its height as shares of that."""
LEVELS, GREYS = 96, 16
"""Colours of values and of text: together the palette of a GIF, which holds 256."""
SECONDS, MOST_SECONDS = 0.1, 0.25
"""Of a frame; a film of few frames is slower."""
LENGTH, HOLD = 5.0, 1.2
"""Seconds that a film takes about, and for which its last frame stays."""
ENCODING_SECONDS = 120.0
LEFT, RIGHT, TOP, BOTTOM = 46, 74, 24, 36
"""Pixels around a map: for what its axes and its colours mean."""
VIRIDIS = (
    (68, 1, 84), (72, 40, 120), (62, 74, 137), (49, 104, 142), (38, 130, 142), (31, 158, 137), (53, 183, 121), (109, 205, 89), (180, 222, 44), (253, 231, 37),
)  # fmt: skip
INK = 35


@dataclass(frozen=True)
class Panel:
    """A map that changes: `values` [time, x, y] at places [x] and [y] within `extent`; of a periodic axis the first place follows the last."""

    title: str
    values: np.ndarray
    places: tuple[np.ndarray, np.ndarray]
    extent: tuple[float, float, float, float]
    axes: tuple[str, str]
    periodic: tuple[bool, bool]
    height: float = 0.0
    """Of the map as a share of its width; 0 where it follows from the extent."""

    @cached_property
    def range(self) -> tuple[float, float]:
        finite = self.values[np.isfinite(self.values)]
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
        return (low, high) if high - low > 1e-12 * max(abs(low), abs(high)) else (low - 0.5, high + 0.5)

    def size(self, side: int) -> tuple[int, int]:
        """Width and height of the map in pixels."""
        a, b, low, high = self.extent
        return side, round(side * min(TALLEST, max(FLATTEST, self.height or (high - low) / (b - a))))

    def pixels(self, frame: int, side: int) -> np.ndarray:
        """Colours by number [row, column], the upper end of y in the first row."""
        low, high = self.range
        values = np.nan_to_num(self.values[frame], nan=low, posinf=high, neginf=low)
        for k, count in enumerate(self.size(side)):
            a, b = self.extent[2 * k : 2 * k + 2]
            wanted = a + (b - a) * (np.arange(count) + 0.5) / count
            values = _between(values, k, self.places[k], wanted, b - a if self.periodic[k] else 0.0)
        shares = np.clip((values - low) / (high - low), 0.0, 1.0)
        return np.round(shares * (LEVELS - 1)).astype(np.uint8).T[::-1]


@dataclass(frozen=True)
class Film:
    """Panels at `times`; `clock` names the time and `unit` its unit."""

    panels: Sequence[Panel]
    times: np.ndarray
    clock: str
    unit: str = ""

    def frames(self, most: int, side: int) -> list[Image.Image]:
        """At most so many pictures, the first and the last time among them."""
        count = len(self.times)
        chosen = np.linspace(0, count - 1, min(count, most)).round().astype(int)
        return [self.frame(int(n), side) for n in chosen]

    def frame(self, n: int, side: int) -> Image.Image:
        """The picture of a time, in the palette of the film."""
        moment = f"{self.clock} = {self.times[n]:.4g} {self.unit}".rstrip()
        return coloured(np.concatenate([drawn(p, n, side, "" if k else moment) for k, p in enumerate(self.panels)]))


def coloured(pixels: np.ndarray) -> Image.Image:
    """A picture of colours by number [row, column]."""
    image = Image.fromarray(pixels, "P")
    image.putpalette(palette().tobytes())
    return image


def palette() -> np.ndarray:
    """Red, green and blue [256, 3]: the colours of values, then greys from white to ink."""
    shares = np.linspace(0, len(VIRIDIS) - 1, LEVELS)
    colours = [np.interp(shares, np.arange(len(VIRIDIS)), channel) for channel in zip(*VIRIDIS, strict=True)]
    greys = np.linspace(255, INK, GREYS)
    whole = np.zeros((256, 3))
    whole[:LEVELS], whole[LEVELS : LEVELS + GREYS] = np.stack(colours, -1), greys[:, None]
    return whole.round().astype(np.uint8)


def write_film(folder: Path, film: Film) -> list[Path]:
    """The files that were written. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    for most, size in TRIES:
        frames = film.frames(most, round(SIDE * size))
        content = as_gif(frames)
        if len(content) <= MOST_BYTES:
            break
    write_whole(folder / GIF, content)
    if video := as_mp4(film.frames(4 * TRIES[0][0], 2 * SIDE)):
        write_whole(folder / MP4, video)
        return [folder / GIF, folder / MP4]
    (folder / MP4).unlink(missing_ok=True)
    return [folder / GIF]


def as_gif(frames: Sequence[Image.Image]) -> bytes:
    """A film that begins anew when it ends."""
    pause = _pause(len(frames))
    content = io.BytesIO()
    times = [round(1000 * pause)] * (len(frames) - 1) + [round(1000 * HOLD)]
    frames[0].save(content, "GIF", save_all=True, append_images=frames[1:], duration=times, loop=0, optimize=False)
    return content.getvalue()


def as_mp4(frames: Sequence[Image.Image]) -> bytes:
    """The same as H.264; nothing where ffmpeg is not there or cannot do it."""
    program = shutil.which("ffmpeg")
    if program is None:
        return b""
    import tempfile

    width, height = frames[0].size
    rate = 1.0 / _pause(len(frames))
    take = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", f"{rate:.3f}", "-i", "-"]
    make = ["-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2", "-c:v", "libx264", "-pix_fmt", "yuv420p", "-crf", "18", "-movflags", "+faststart"]  # fmt: skip
    with suppress(OSError, subprocess.SubprocessError), tempfile.TemporaryDirectory() as place:
        file = Path(place) / MP4
        command = [program, "-loglevel", "error", "-y", *take, *make, str(file)]
        pixels = b"".join(frame.convert("RGB").tobytes() for frame in frames)
        subprocess.run(command, input=pixels, check=True, capture_output=True, timeout=ENCODING_SECONDS)
        return file.read_bytes()
    return b""


def _pause(frames: int) -> float:
    """Seconds a frame stays."""
    return min(MOST_SECONDS, max(SECONDS, LENGTH / frames))


def _between(values: np.ndarray, axis: int, places: np.ndarray, wanted: np.ndarray, period: float) -> np.ndarray:
    """Values at other places of an axis, linearly between those that are known."""
    if period:
        places = np.append(places, places[0] + period)
        values = np.concatenate([values, values.take([0], axis)], axis)
    upper = np.clip(np.searchsorted(places, wanted), 1, len(places) - 1)
    share = np.clip((wanted - places[upper - 1]) / (places[upper] - places[upper - 1]), 0.0, 1.0)
    share = share.reshape([-1 if k == axis else 1 for k in range(values.ndim)])
    return values.take(upper - 1, axis) * (1 - share) + values.take(upper, axis) * share


def drawn(panel: Panel, n: int, side: int, moment: str = "") -> np.ndarray:
    """A map with its title, the time, its ends and its bar of colours, as colours by number."""
    wide, tall = panel.size(side)
    scale = max(1, round(side / SIDE))
    left, right, top, bottom = (scale * margin for margin in (LEFT, RIGHT, TOP, BOTTOM))
    canvas = Image.new("L", (left + wide + right, top + tall + bottom), 0)
    draw, font = ImageDraw.Draw(canvas), _font(12 * scale)
    bar, base = left + wide + 10 * scale, top + tall
    draw.text((left, top - 6 * scale), _drawable(panel.title), 255, font, "ls")
    draw.text((left + wide, top - 6 * scale), _drawable(moment), 255, font, "rs")
    for text, x, y, anchor in _words(panel, left, base, wide, tall, scale):
        draw.text((x, y), _drawable(text), 255, font, anchor)
    for share, text in _ticks(*panel.range):
        draw.text((bar + 14 * scale, base - share * tall), text, 255, font, "lm")
    image = np.asarray(canvas).astype(int) * (GREYS - 1) // 255 + LEVELS
    image[top:base, left : left + wide] = panel.pixels(n, side)
    image[top:base, bar : bar + 10 * scale] = np.linspace(LEVELS - 1, 0, tall).round()[:, None]
    return image.astype(np.uint8)


def _words(panel: Panel, left: int, base: int, wide: int, tall: int, scale: int) -> Iterator[tuple[str, int, int, str]]:
    """What the axes mean and where they end: text, place, anchor."""
    a, b, low, high = panel.extent
    below = base + 5 * scale
    yield f"{a:.4g}", left, below, "la"
    yield f"{b:.4g}", left + wide, below, "ra"
    yield panel.axes[0], left + wide // 2, below, "ma"
    beside = left - 5 * scale
    yield f"{low:.4g}", beside, base, "rs"
    yield f"{high:.4g}", beside, base - tall, "ra"
    yield panel.axes[1], beside, base - tall // 2, "rm"


def _ticks(low: float, high: float) -> Iterator[tuple[float, str]]:
    """Values beside the bar of colours: share of its height, text with as many decimals as tell neighbours apart by two digits."""
    far, step = max(abs(low), abs(high)), (high - low) / 4
    decimals = max(0, 1 - math.floor(math.log10(step)))
    plain = 1e-2 <= far < 1e5 and decimals < 6
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        value = low + share * (high - low)
        text = f"{value:.{decimals}f}" if plain else f"{value:.2e}"
        yield share, text if float(text) else "0"


def _drawable(text: str) -> str:
    """The text in signs that the font has: others by the letters that they are made of, µ as u, powers after ^."""
    signs = []
    for sign in text.replace("−", "-").replace("⁻", "^-").replace("µ", "u"):
        plain = unicodedata.normalize("NFKD", sign).encode("ascii", "ignore").decode()
        power = unicodedata.decomposition(sign).startswith("<super>") and signs[-1:] != ["^-"]
        signs.append(
            sign if sign in "°·" else f"^{plain}" if power else plain or unicodedata.name(sign, "?").split()[-1].lower()
        )
    return "".join(signs)


@lru_cache(maxsize=8)
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
