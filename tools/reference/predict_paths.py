"""Other ways to predict: `core/tests/fixtures/predict_paths/<case>/` by `NeuralForecast.save`, `<case>.expected.json` beside each.

The expected file holds forecasts further than the models were trained for, insample predictions of several step sizes, and
cross-validations of the fitted models.
Reference: neuralforecast 3.3.0. Run: `python tools/reference/make.py predict_paths`. Format: README.md beside this file.
"""

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from neuralforecast import NeuralForecast
from neuralforecast.common._base_model import BaseModel
from neuralforecast.losses.pytorch import MQLoss
from neuralforecast.models import LSTM, NHITS, DLinear

from checkpoints import LSTM_, NHITS_, SHARED, dates, frame_json, keep_or_replace
from fixture import FIXTURES, write_json
from panel import seasonal_panel

H = SHARED["h"]
FAR = [2 * H, 5 * H // 2]  # two whole horizons, and two and a half
STEPS = [1, 3, H]
WINDOWS = [(1, 1), (3, 1), (2, 3)]  # numbers of forecasts, and rows between them
FUTR = dict(futr_exog_list=["price", "holiday"])

# models, frequency, lengths and ids of the series, their times, exogenous columns
CASES = {
    "direct": dict(
        models=[NHITS(**NHITS_, scaler_type="robust"), DLinear(**SHARED, moving_avg_window=5), LSTM(**LSTM_)],
        freq="MS", lengths=[31, 12, 8], ids=["airline", "metro", "railway"], times=dates("2019-03-01", "MS")),
    "recurrent": dict(
        models=[LSTM(**LSTM_, recurrent=True, h_train=2, inference_input_size=6, scaler_type="minmax"),
                LSTM(**LSTM_, recurrent=True, loss=MQLoss(level=[80]), alias="bands")],
        freq=1, lengths=[25, 22, 9], ids=[7, 30, 200], times=lambda length: np.arange(100, 100 + length)),
    "exogenous": dict(
        models=[NHITS(**NHITS_, **FUTR, stat_exog_list=["size"], loss=MQLoss(level=[80]), scaler_type="standard"),
                LSTM(**LSTM_, **FUTR), LSTM(**LSTM_, **FUTR, recurrent=True, alias="steps")],
        freq="B", lengths=[30, 24], ids=["north", "south"], times=dates("2023-12-20", "B"),
        exog=dict(futr=["price", "holiday"], stat=["size"])),
    "historic": dict(
        models=[NHITS(**NHITS_, hist_exog_list=["visits"], loss=MQLoss(quantiles=[0.1, 0.75]), scaler_type="standard"),
                LSTM(**LSTM_, hist_exog_list=["visits"], recurrent=True)],
        freq="h", lengths=[26, 23], ids=["a", "b"], times=dates("2024-02-28 20:00", "h"), exog=dict(hist=["visits"]), far=[]),
}


def far_forecast(nf: NeuralForecast, future, h: int) -> pd.DataFrame:
    """Upstream's forecast of `h` steps, with what each window of a direct model forecasts at the times of that window.

    Where `h` is no multiple of the trained horizon, the last window overlaps the one before it, and upstream writes its
    first values to the last times; its last values are the ones for these times.
    """
    windows, recursive_step = {}, BaseModel._predict_step_direct

    def keep(self, batch, batch_idx, recursive=False):
        result = recursive_step(self, batch, batch_idx, recursive=recursive)
        if recursive:
            windows[id(self)] = result.numpy()
        return result

    BaseModel._predict_step_direct = keep
    try:
        frame = nf.predict(futr_df=future, h=h)
    finally:
        BaseModel._predict_step_direct = recursive_step
    whole = h // H * H
    for model in nf.models:
        if id(model) not in windows:
            continue  # recurrent: one window of h steps
        found = windows[id(model)].reshape(frame["unique_id"].nunique(), -1, len(model.loss.output_names))
        placed = np.concatenate([found[:, :whole], found[:, found.shape[1] - (h - whole):]], axis=1)
        for output, name in enumerate(model.loss.output_names):
            column = f"{model}{name}"
            theirs = frame[column].to_numpy().reshape(len(placed), h)
            np.testing.assert_array_equal(theirs, found[:, :h, output])
            frame[column] = placed[:, :, output].reshape(-1)
    return frame


def finite_json(frame: pd.DataFrame) -> dict:
    """A frame; null where a window without input has no scale and so no number."""
    finite = lambda values: [v if isinstance(v, str) or np.isfinite(v) else None for v in values]
    return {name: finite(values) for name, values in frame_json(frame).items()}


def make_case(name, models, freq, lengths, ids, times, exog=None, far=FAR) -> None:
    most = max(FAR)
    last = max(lengths) + most
    frame, static, future = seasonal_panel(lengths, ids, [times(last)] * len(ids), h=most, seed=name, **(exog or {}))
    nf = NeuralForecast(models=models, freq=freq)
    nf.fit(frame, static_df=static)
    with tempfile.TemporaryDirectory() as folder:
        saved = Path(folder) / name
        nf.save(str(saved))
        nf = NeuralForecast.load(str(saved))
        keep_or_replace(saved, FIXTURES / "predict_paths" / name)

    def ahead(h):
        return None if future is None else future.groupby("unique_id").head(h)

    write_json(f"predict_paths/{name}.expected.json", {
        "reference": "neuralforecast 3.3.0",
        "far": [{"h": h, "future": None if future is None else frame_json(ahead(h)),
                 "frame": frame_json(far_forecast(nf, ahead(h), h))} for h in far],
        "data": frame_json(frame),
        "static": None if static is None else frame_json(static),
        "crossValidation": [{"nWindows": n, "stepSize": step, "frame": finite_json(nf.cross_validation(
            df=frame, static_df=static, n_windows=n, step_size=step, use_fitted=True))} for n, step in WINDOWS],
        "insample": [{"stepSize": step, "frame": finite_json(nf.predict_insample(step_size=step))} for step in STEPS],
    })


def make() -> None:
    for name, case in CASES.items():
        make_case(name, **case)
