"""Small made-up panels the training and checkpoint fixtures fit on; makes nothing by itself."""

import numpy as np
import pandas as pd

from fixture import seed_of

# Settings that keep upstream's trainer quiet and on the processor; they are no model options.
QUIET = dict(accelerator="cpu", logger=False, enable_progress_bar=False, enable_model_summary=False)


def exact(values: np.ndarray) -> np.ndarray:
    """Values that are the same number in f32 and f64, with few digits."""
    return (np.round(values * 64) / 64).astype(np.float64)


def categories(name: str, count: int, last: int, seed: str) -> np.ndarray:
    """Values of a column of categories: text for most names, whole numbers for `n..`, true and false for `b..`.

    The last `last` values are of the future: some of them are not among the others.
    """
    rng = np.random.default_rng(seed_of(f"{seed}/{name}"))
    kinds = {"n": [3, 1, 7], "b": [False, True]}.get(name[0], ["low", "mid", "high"])
    values = np.array(kinds)[rng.integers(len(kinds), size=count)]
    if last and name[0] != "b":
        values = values.astype(object if name[0] != "n" else int)
        values[-last::2] = 99 if name[0] == "n" else "never seen"
    return values


def seasonal_panel(lengths: list, ids: list, times: list, futr=(), hist=(), stat=(), cat=(), h=0, seed="panel"):
    """Seasonal series with noise, and with categories where `cat` names columns of the other lists.

    Returns the frame, the static frame and the future frame (None where not asked for).
    """
    rng = np.random.default_rng(seed_of(seed))
    frames, future = [], []
    for series, (length, unique_id) in enumerate(zip(lengths, ids)):
        t = np.arange(length + h)
        level = 10.0 * (series + 1)
        y = level + 0.05 * t + (2 + series) * np.sin(2 * np.pi * (t + series) / 12) + rng.normal(0, 0.5, len(t))
        frame = pd.DataFrame({"unique_id": unique_id, "ds": times[series][: length + h], "y": exact(y)})
        for i, name in enumerate(futr):
            frame[name] = exact(np.cos(2 * np.pi * (t + i) / (6 + i)) + 0.1 * rng.normal(size=len(t)))
            if name in cat:
                frame[name] = categories(name, len(t), h, f"{seed}/{unique_id}")
        for i, name in enumerate(hist):
            frame[name] = exact(y * (0.5 + i) + rng.normal(0, 0.3, len(t)))
            if name in cat:
                frame[name] = categories(name, len(t), 0, f"{seed}/{unique_id}")
        frames.append(frame.iloc[:length])
        future.append(frame.iloc[length:][["unique_id", "ds", *futr]])
    static = None
    if stat:
        static = pd.DataFrame({"unique_id": ids, **{name: exact(rng.normal(size=len(ids))) for name in stat}})
        for name in set(stat) & set(cat):
            static[name] = categories(name, len(ids), 0, seed)
    return pd.concat(frames, ignore_index=True), static, pd.concat(future, ignore_index=True) if futr else None
