"""The papers' pictures, from plain data. Needs matplotlib (the extra ``plot``)."""

from importlib.util import find_spec
from itertools import cycle

from sklearn_halfnet._files import replace_file

__all__ = [
    "NO_MATPLOTLIB",
    "can_draw",
    "critical_difference",
    "evolution_curve",
    "learned_against_fixed",
    "learning_curves",
    "of_display",
    "ranks_against_seconds",
    "save_png",
    "score_against_parameters",
    "weight_pictures",
]

NO_MATPLOTLIB = (
    "No picture: matplotlib is not installed (pip install 'sklearn-halfnet[plot]')."
)
MARKERS = "osD^vP*X<>"


def can_draw():
    """Whether matplotlib is installed."""
    return find_spec("matplotlib") is not None


def _axes(n_rows=1, n_columns=1, **options):
    # A Figure of its own: no pyplot, no window system, no global state.
    from matplotlib.figure import Figure

    figure = Figure(layout="constrained", **options)
    return figure, figure.subplots(n_rows, n_columns, squeeze=False)


def save_png(figure, path):
    """Save a picture; an older one stays until the new one is complete."""
    replace_file(path, lambda partial: figure.savefig(partial, dpi=150))


def of_display(display, **options):
    """Return what draws a display of ``inspection`` alone in a picture."""

    def draw():
        figure, [[ax]] = _axes(figsize=(7.5, 5))
        display.plot(ax, **options)
        return figure

    return draw


def score_against_parameters(series, score_name, title):
    """Test score against trainable parameters, on a logarithmic axis.

    ``series`` maps a label to points, dicts with ``parameters``, ``score``, ``sd`` (nan
    for none) and, if the series is dashed and hollow, ``published`` True.
    """
    figure, [[ax]] = _axes(figsize=(7.5, 5))
    colors = {}
    for (label, points), marker in zip(series.items(), cycle(MARKERS), strict=False):
        published = points[0].get("published", False)
        # A published series has the colour and marker of ours of the same name.
        base = label.removesuffix(" (paper)")
        color, marker = colors.setdefault(base, (f"C{len(colors) % 10}", marker))
        points = sorted(points, key=lambda point: point["parameters"])
        ax.errorbar(
            [point["parameters"] for point in points],
            [point["score"] for point in points],
            yerr=[0 if point["sd"] != point["sd"] else point["sd"] for point in points],
            label=label,
            color=color,
            marker=marker,
            markerfacecolor="white" if published else color,
            linestyle=":" if published else "-",
            linewidth=1,
            capsize=2,
        )
    ax.set(xscale="log", xlabel="trainable parameters", ylabel=score_name, title=title)
    ax.grid(alpha=0.3)
    ax.legend(fontsize="small", loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


def weight_pictures(weights):
    """Random weights as pictures, one row a kind.

    ``weights`` maps a title to an array (n_units, height, width).
    """
    n_units = min(len(w) for w in weights.values())
    size = (1.1 * n_units, 1.3 * len(weights))
    figure, axes = _axes(len(weights), n_units, figsize=size)
    for row, (title, images) in zip(axes, weights.items(), strict=True):
        for ax, image in zip(row, images, strict=False):
            limit = abs(image).max()
            ax.imshow(image, cmap="RdBu", vmin=-limit, vmax=limit)
            ax.set(xticks=[], yticks=[])
        row[0].set_title(title, loc="left", fontsize="small")
    return figure


def learned_against_fixed(series, title):
    """Mean magnitudes of layers, learned against fixed, each network with its line.

    ``series`` maps a label to two arrays, a number a layer: fixed and learned.
    """
    import numpy as np

    figure, [[ax]] = _axes(figsize=(7.5, 5))
    for i, (label, (fixed, learned)) in enumerate(series.items()):
        slope, intercept = np.polyfit(fixed, learned, 1)
        ends = np.array([fixed.min(), fixed.max()])
        ax.scatter(fixed, learned, marker=MARKERS[i], color=f"C{i}", alpha=0.7)
        line = f"{label}: {intercept:.3f} + {slope:.2f} fixed"
        ax.plot(ends, intercept + slope * ends, color=f"C{i}", label=line)
    end = max(fixed.max() for fixed, _ in series.values())
    ax.plot([0, end], [0, end], color="0.5", linestyle=":", label="as large as fixed")
    ax.set(xlabel="mean |w| of a layer's fixed weights", xlim=(0, None), title=title)
    ax.set(ylabel="of its learned weights", ylim=(0, None))
    ax.grid(alpha=0.3)
    ax.legend(fontsize="small")
    return figure


def learning_curves(curves, title):
    """Train and test accuracy in percent after each epoch, one panel a model."""
    figure, [row] = _axes(1, len(curves), figsize=(4 * len(curves), 3.5))
    for ax, (name, curve) in zip(row, curves.items(), strict=True):
        epochs = range(1, len(curve["train"]) + 1)
        ax.plot(epochs, curve["train"], label="train", marker=".")
        ax.plot(epochs, curve["test"], label="test", marker=".", linestyle="--")
        ax.set(xlabel="epoch", ylabel="accuracy, %", title=name)
        ax.grid(alpha=0.3)
        ax.legend()
    for ax in row[1:]:
        ax.sharey(row[0])
    figure.suptitle(title)
    return figure


def evolution_curve(curve):
    """Accuracy of a search's champion against generations and against seconds.

    ``curve`` is a list of points with ``generation``, ``seconds`` and the accuracies
    ``mean`` (over the shared weights) and ``best`` (of one weight).
    """
    figure, [row] = _axes(1, 2, figsize=(9, 3.5))
    for ax, name in zip(row, ("generation", "seconds"), strict=True):
        steps = [point[name] for point in curve]
        ax.plot(steps, [p["mean"] for p in curve], label="mean over weights")
        ax.plot(steps, [p["best"] for p in curve], label="best weight", linestyle="--")
        ax.set(xlabel=name)
        ax.grid(alpha=0.3)
    row[1].sharey(row[0])
    row[0].set(ylabel="validation accuracy")
    row[0].legend()
    return figure


def critical_difference(mean_ranks, difference, groups, title):
    """Mean ranks on one line, with bars over models that are not told apart.

    ``mean_ranks`` maps a model to its rank, ascending; ``groups`` are pairs of the
    first and last number of models that lie within the critical ``difference``.
    """
    names, values = list(mean_ranks), list(mean_ranks.values())
    n_left = (len(names) + 1) // 2
    height = 0.3 * (n_left + len(groups)) + 1.2
    figure, [[ax]] = _axes(figsize=(7.5, height))
    low, high = 1, len(names)
    for row, (first, last) in enumerate(groups):
        ends = values[first] - 0.03, values[last] + 0.03
        ax.plot(ends, [-0.35 - 0.3 * row] * 2, color="C0", linewidth=4)
    below = 0.35 + 0.3 * len(groups)
    for i, (name, value) in enumerate(mean_ranks.items()):
        # The better half is named at the left, the best on top; the worst at the right.
        left = i < n_left
        y = -below - 0.45 * (i if left else len(names) - 1 - i)
        edge = low if left else high
        ax.plot([value, value, edge], [0, y, y], color="black", linewidth=0.8)
        ax.annotate(
            f"{name}  {value:.2f}" if left else f"{value:.2f}  {name}",
            (edge, y),
            xytext=(-4 if left else 4, 0),
            textcoords="offset points",
            ha="right" if left else "left",
            va="center",
        )
    ax.plot([low, low + difference], [0.75, 0.75], color="C3", linewidth=2)
    ax.text(low, 0.85, f"critical difference {difference:.2f}", va="bottom")
    ax.set(xlim=(low, high), ylim=(-below - 0.45 * n_left, 1.5), title=title, yticks=[])
    ax.spines[["left", "right", "bottom"]].set_visible(False)
    ax.spines["top"].set_position(("data", 0))
    ax.xaxis.tick_top()
    ax.set_xticks(range(low, high + 1))
    return figure


def ranks_against_seconds(mean_ranks, seconds, ours, title):
    """Mean rank of models against the seconds of a fit; the best is at the top left.

    ``mean_ranks`` and ``seconds`` map the same models to numbers; those of this library
    are named in ``ours`` and stand out.
    """
    figure, [[ax]] = _axes(figsize=(7.5, 5))
    for name, rank in mean_ranks.items():
        style = {"color": "C3" if name in ours else "0.35"}
        ax.plot(
            seconds[name], rank, "D" if name in ours else "o", markersize=9, **style
        )
        # At the left where the name would run into the next model, or off the picture.
        left = seconds[name] > 10 or any(
            abs(mean_ranks[other] - rank) < 0.5
            and 1 < seconds[other] / seconds[name] < 4
            for other in mean_ranks
        )
        ax.annotate(
            name,
            (seconds[name], rank),
            xytext=(-10 if left else 10, 0),
            textcoords="offset points",
            ha="right" if left else "left",
            va="center",
            fontsize=13,
            weight="bold" if name in ours else "normal",
            **style,
        )
    ax.set(xscale="log", xlabel="seconds to fit, median over the sets")
    ax.set(ylabel="mean rank (1 is the best)", title=title)
    ax.set_ylim(len(mean_ranks) + 0.5, 0.5)
    ax.grid(alpha=0.3)
    return figure
