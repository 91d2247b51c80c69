"""Scalers of whole series: `core/tests/fixtures/local_scalers.json`, the types of upstream's `_type2scaler` on made-up columns.

A column is series of different lengths. Statistics, scaled values and the way back of values a model could have forecast, in
f64; and the statistics in f32, which is what `NeuralForecast` itself computes with: of Box-Cox only the latter's power is ours.
Reference: neuralforecast 3.3.0 with coreforecast 0.0.20. Run: `python tools/reference/make.py local_scalers`.
"""

import numpy as np
from coreforecast.grouped_array import GroupedArray
from neuralforecast.core import _type2scaler

from fixture import seed_of, write_json

H = 3


def columns() -> dict:
    """Values of each series of each column, the same number in f32 and f64; NaN is what is not available."""
    rng = np.random.default_rng(seed_of("local_scalers"))
    t = np.arange(40)
    nan = np.nan
    series = {
        "mixed": [rng.normal(5, 2, 40), rng.exponential(3, 17), 100 + 10 * np.sin(t / 4) + rng.normal(size=40), -50 + rng.normal(size=6),
                  rng.normal(size=1), np.array([2.0, 8.0])],
        "positive": [np.exp(rng.normal(size=40)), np.exp(rng.normal(0, 0.3, 25)) * 1000, (np.abs(rng.normal(size=33)) + 0.5) ** 2,
                     20 + 2 * rng.normal(size=30), 200 - rng.exponential(20, 30)],
        "zeros": [np.array([0.0, 1.0, 2.0, 0.5]), rng.poisson(3, 30).astype(float), np.array([0.0, 0.0, 0.0, 4.0, 0.0, 0.0, 0.0])],
        "constant": [np.full(12, 5.0), np.full(1, 3.0), np.zeros(7)],
        "masked": [np.array([nan, nan, 3.0, 7.0, 4.0, 9.0]), np.array([1.0, nan, 2.0, nan, nan, 8.0, 4.0]), np.array([6.0, 2.0, 5.0, nan])],
    }
    return {name: [np.round(s * 64) / 64 for s in column] for name, column in series.items()}


def grouped(column: list, dtype) -> GroupedArray:
    return GroupedArray(np.concatenate(column).astype(dtype), np.cumsum([0, *map(len, column)]).astype(np.int32))


def fitted(kind: str, column: list, dtype):
    """A scaler of the available values: upstream's own type where it can leave others out, else without them."""
    scaler = _type2scaler[kind]()
    if kind == "boxcox":
        column = [series[~np.isnan(series)] for series in column]
    else:
        scaler.skipna = True
    return scaler.fit(grouped(column, dtype))


def make_case(kind: str, name: str, column: list) -> dict:
    rng = np.random.default_rng(seed_of(f"{kind} {name}"))
    of_nf = fitted(kind, column, np.float32)
    scaler = fitted(kind, column, np.float64)
    if kind == "boxcox":
        of_nf.stats_[:, 1] = 0.0  # not initialized by upstream
        scaler.stats_ = of_nf.stats_.astype(np.float64)
    filled = [np.nan_to_num(series) for series in column]
    forecast = [np.round(rng.normal(size=H) * 64) / 64 for _ in column]
    return {
        "type": kind, "column": name, "values": [[None if np.isnan(v) else v for v in series] for series in column],
        "statistics": scaler.stats_, "statisticsF32": of_nf.stats_,
        "scaled": scaler.transform(grouped(filled, np.float64)),
        "forecast": np.concatenate(forecast), "inverse": scaler.inverse_transform(grouped(forecast, np.float64)),
    }


def make() -> None:
    cases = [
        make_case(kind, name, column)
        for kind in _type2scaler
        for name, column in columns().items()
        if kind != "boxcox" or min(np.nanmin(series) for series in column) >= 0
    ]
    write_json("local_scalers.json", {"reference": "neuralforecast 3.3.0, coreforecast 0.0.20", "h": H, "cases": cases})
