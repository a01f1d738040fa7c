"""The picture of a series: a real PNG, small, and one for every series there may be."""

import io

import pytest
from PIL import Image

from backend.notifications.pictures import HEIGHT, WIDTH, draw


@pytest.mark.parametrize(
    "values",
    [
        [1.0, 2.0, 1.5, 3.0],
        [5.0, 5.0, 5.0],
        [0.0, 1e-18, 2e-18],
        [1e30, 2e30, 1.0],
        [float(n % 7) for n in range(160)],
    ],
)
def test_a_picture_is_a_small_png(values: list[float]) -> None:
    png = draw([(float(place), value) for place, value in enumerate(values)], "$1.00", "$3.00", "two hours")
    assert len(png) < 20_000
    image = Image.open(io.BytesIO(png))
    assert (image.format, image.size) == ("PNG", (WIDTH, HEIGHT))
    assert len(image.convert("RGB").getcolors(100_000) or []) > 3, "something is drawn"


def test_the_line_goes_up_where_the_series_does() -> None:
    image = Image.open(io.BytesIO(draw([(0, 1.0), (1, 1.0), (2, 9.0)], "", "", ""))).convert("RGB")
    red, _, blues = (channel.load() for channel in image.split())
    assert red is not None and blues is not None
    blue = [(x, y) for x in range(WIDTH) for y in range(HEIGHT) if int(blues[x, y]) - int(red[x, y]) > 120]  # type: ignore[call-overload, arg-type]
    left = [y for x, y in blue if x < 40]
    right = [y for x, y in blue if x > WIDTH - 20]
    assert left and right and min(left) > max(right)
