"""Charts as inline SVG: no script, no font, no request. Numbers are written beside every mark."""

from collections.abc import Sequence
from html import escape

_WIDTH, _HEIGHT, _PAD = 520, 170, 34
_GRID, _LINE = "#e2e8f0", "#1d4ed8"


def line_chart(points: Sequence[tuple[str, float]], unit: str) -> str:
    """One line over time, the scale from a little below the least to a little above the greatest."""
    if len(points) < 2:
        return '<p class="none">有两期以后才有图 · a chart from the second night on</p>'
    values = [number for _, number in points]
    low, high = min(values), max(values)
    room = (high - low) * 0.15 or abs(high) * 0.01 or 1.0
    low, high = low - room, high + room
    step = (_WIDTH - 2 * _PAD) / (len(points) - 1)
    places = [
        (_PAD + index * step, _HEIGHT - _PAD - (number - low) / (high - low) * (_HEIGHT - 2 * _PAD))
        for index, number in enumerate(values)
    ]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    every = max(1, len(points) // 7)
    labels = [
        f'<text x="{places[index][0]:.1f}" y="{_HEIGHT - 12}" class="tick">{escape(points[index][0])}</text>'
        for index in range(len(points) - 1, -1, -every)
    ]
    dots = [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.6"/>' for x, y in places]
    first, last = places[0], places[-1]
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img">'
        f'<path d="M{_PAD} {_HEIGHT - _PAD}H{_WIDTH - _PAD}" stroke="{_GRID}"/>'
        f'<polyline points="{path}" fill="none" stroke="{_LINE}" stroke-width="2"/>'
        f'<g fill="{_LINE}">{"".join(dots)}</g>{"".join(labels)}'
        f'<text x="{first[0]:.1f}" y="{first[1] - 9:.1f}" class="tick start">{values[0]:,.0f}</text>'
        f'<text x="{last[0]:.1f}" y="{last[1] - 9:.1f}" class="mark">{values[-1]:,.0f} {escape(unit)}</text>'
        "</svg>"
    )


def bar(share: float, kind: str = "") -> str:
    """A bar in a table's cell."""
    return f'<span class="bar {kind}" style="width:{max(0.0, min(1.0, share)) * 100:.1f}%"></span>'


def heat(share: float) -> str:
    """Background of a heat map's cell, darker with its share of the row; the number stays readable."""
    strength = max(0.0, min(1.0, share)) ** 0.6
    return f"background:rgba(29,78,216,{0.06 + 0.5 * strength:.2f})"
