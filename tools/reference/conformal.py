"""Conformal prediction intervals: `core/tests/fixtures/conformal/<case>/` by `NeuralForecast.save`, `<case>.expected.json` beside.

The expected file holds forecasts of the loaded checkpoint with levels and with quantiles. Reference: neuralforecast 3.3.0.
Run: `python tools/reference/make.py conformal`. Format: README.md beside this file.
"""

import tempfile
from pathlib import Path

import numpy as np
import polars as pl
from neuralforecast import NeuralForecast
from neuralforecast.models import NHITS, DLinear
from neuralforecast.utils import PredictionIntervals

from checkpoints import NHITS_, SHARED, dates, frame_json, keep_or_replace
from fixture import FIXTURES, write_json
from panel import seasonal_panel

# models, frequency, lengths and ids of the series, their times, windows of the calibration
CASES = {
    "months": dict(
        models=[DLinear(**SHARED, moving_avg_window=5), NHITS(**NHITS_, alias="other", scaler_type="standard")],
        freq="MS", lengths=[40, 33], ids=["airline", "railway"], times=dates("2019-03-01", "MS"),
        intervals=dict(n_windows=3, step_size=2)),
    "steps": dict(
        models=[DLinear(**SHARED, moving_avg_window=5)],
        freq=1, lengths=[30, 26, 41], ids=[7, 30, 200], times=lambda length: np.arange(100, 100 + length),
        intervals=dict(n_windows=5)),
}
LEVELS, QUANTILES = [80, 95], [0.05, 0.5, 0.9]


def plain(frame) -> dict:
    return frame_json(frame.to_pandas() if isinstance(frame, pl.DataFrame) else frame)


def make() -> None:
    for name, case in CASES.items():
        lengths, ids = case["lengths"], case["ids"]
        frame, _, _ = seasonal_panel(lengths, ids, [case["times"](max(lengths) + 4)] * len(ids), h=4, seed=name)
        if name == "steps":
            frame = pl.from_pandas(frame)
        nf = NeuralForecast(models=case["models"], freq=case["freq"])
        nf.fit(frame, prediction_intervals=PredictionIntervals(**case["intervals"]))
        with tempfile.TemporaryDirectory() as folder:
            saved = Path(folder) / name
            nf.save(str(saved))
            nf = NeuralForecast.load(str(saved))
            keep_or_replace(saved, FIXTURES / "conformal" / name)
        write_json(f"conformal/{name}.expected.json", {
            "reference": "neuralforecast 3.3.0", "level": LEVELS, "quantiles": QUANTILES,
            "ofLevel": plain(nf.predict(level=LEVELS)), "ofQuantiles": plain(nf.predict(quantiles=QUANTILES)),
        })
