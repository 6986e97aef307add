"""Every example runs, and every figure is made and filled in one cell."""

import re
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("plot_*.py"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
@pytest.mark.filterwarnings("ignore:FigureCanvasAgg is non-interactive")
def test_example(path):
    n_figures, names = 0, {"__name__": "__main__", "__file__": str(path)}
    source = path.read_text(encoding="utf-8")
    plt.close("all")  # what other tests have left
    for cell in re.split(r"^# %%$", source, flags=re.MULTILINE):
        exec(compile(cell, path, "exec"), names)
        # The gallery takes a figure as it is at the end of its cell.
        for number in plt.get_fignums():
            assert all(ax.has_data() for ax in plt.figure(number).axes), cell
            n_figures += 1
        plt.close("all")
    assert n_figures, "an example draws a figure"
    assert len(source.splitlines()) < 100
