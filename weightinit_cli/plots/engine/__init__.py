"""A picture as data, and two painters of it: a fast one, and one to matplotlib's own Axes.

A `Page` (page.py) holds rows of panels; a panel has two axes and marks in the units of its data.
`drawn` (layout.py) places everything and gives a `Drawing`, a list of shapes in points, which
`render` paints as PNG, SVG or PDF without Figure and Axes: their import and drawing cost more
than the rest of a run. `figure` (axes.py) gives a Figure with one Axes per panel, for people
who want to go on with it.
"""
