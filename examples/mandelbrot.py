"""Paint the Mandelbrot set: bands of rows in numpy, one task each, and a PNG picture at the end.

Bands differ in cost: one that meets the set takes every iteration, one far outside only a few.
There is no need to balance that by hand: idle ranks take over what others have not begun.

Run:
    python -m scoop_mpi -n 4 examples/mandelbrot.py [picture.png]

Output (and the picture, by default mandelbrot.png in the current directory):
    mandelbrot.png: 900 x 600 pixels, 25.4% of them in the set
"""

import struct
import sys
import zlib
from pathlib import Path

import numpy as np

from scoop_mpi import futures

WIDTH, HEIGHT, BAND = 900, 600, 10
ITERATIONS = 250


def escape_times(first_row: int) -> np.ndarray:
    """Return, for each pixel of a band, after how many steps of z -> z^2 + c it leaves the circle."""
    rows = np.arange(first_row, first_row + BAND)
    columns = np.arange(WIDTH)
    c_re, c_im = np.meshgrid(3.0 * columns / WIDTH - 2.0, 1.0 - 2.0 * rows / HEIGHT)
    re, im = np.zeros_like(c_re), np.zeros_like(c_re)
    steps = np.zeros(c_re.shape, dtype=np.uint16)
    for _ in range(ITERATIONS):
        inside = re * re + im * im < 4.0
        if not inside.any():
            break
        steps[inside] += 1
        # Points that have left stay where they are, so that nothing overflows.
        re, im = (
            np.where(inside, re * re - im * im + c_re, re),
            np.where(inside, 2.0 * re * im + c_im, im),
        )
    return steps


def colours(steps: np.ndarray) -> np.ndarray:
    """Return red, green and blue of each pixel: black inside the set, night blue to gold outside."""
    night, gold = np.array([0, 7, 60]), np.array([255, 220, 120])
    shade = (steps / ITERATIONS)[..., np.newaxis] ** 0.4
    outside = (steps < ITERATIONS)[..., np.newaxis]
    return (outside * (night + shade * (gold - night))).astype(np.uint8)


def write_png(path: Path, rgb: np.ndarray) -> None:
    """Write 8-bit colours as a PNG file: a header, the compressed rows, an end mark."""
    height, width, _ = rgb.shape
    rows = b"".join(b"\0" + row.tobytes() for row in rgb)
    chunks = {
        b"IHDR": struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0),
        b"IDAT": zlib.compress(rows),
        b"IEND": b"",
    }
    with path.open("wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n")
        for kind, content in chunks.items():
            file.write(struct.pack(">I", len(content)))
            file.write(kind + content)
            file.write(struct.pack(">I", zlib.crc32(kind + content)))


def main() -> None:
    path = Path(sys.argv[1] if len(sys.argv) > 1 else "mandelbrot.png")
    steps = np.vstack(list(futures.map(escape_times, range(0, HEIGHT, BAND))))
    write_png(path, colours(steps))
    inside = np.mean(steps == ITERATIONS)
    print(f"{path.name}: {WIDTH} x {HEIGHT} pixels, {inside:.1%} of them in the set")


if __name__ == "__main__":
    main()
