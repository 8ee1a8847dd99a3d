"""The sample company's logo, drawn here so that nothing has to be shipped."""

from io import BytesIO

SIDE, SCALE = 160, 4
BLUE, YELLOW = (31, 95, 139, 255), (247, 181, 0, 255)
BOLT = ((92, 18), (44, 88), (76, 88), (66, 142), (118, 70), (84, 70))


def logo() -> bytes:
    """A bolt on a rounded square, as PNG: the same bytes every time."""
    from PIL import Image, ImageDraw

    large = Image.new("RGBA", (SIDE * SCALE, SIDE * SCALE), (0, 0, 0, 0))
    draw = ImageDraw.Draw(large)
    draw.rounded_rectangle((0, 0, SIDE * SCALE - 1, SIDE * SCALE - 1), radius=32 * SCALE, fill=BLUE)
    draw.polygon([(x * SCALE, y * SCALE) for x, y in BOLT], fill=YELLOW)
    content = BytesIO()
    large.resize((SIDE, SIDE), Image.Resampling.LANCZOS).save(content, "PNG", optimize=True)
    return content.getvalue()
