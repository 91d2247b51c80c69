"""Scores: `core/tests/fixtures/metrics.json`, by upstream's `losses/numpy.py` series by series, and by its losses that only measure;
and `evaluation.json`, by utilsforecast, for each series and cutoff of a cross-validation.

Reference: neuralforecast 3.3.0, utilsforecast 0.2.17. Run: `python tools/reference/make.py metrics`.
"""

from functools import partial
from importlib.metadata import version

import numpy as np
import pandas as pd
import torch
from neuralforecast.losses import numpy as scores
from neuralforecast.losses.pytorch import Accuracy, relMSE, sCRPS
from utilsforecast import losses
from utilsforecast.evaluation import evaluate

from fixture import seed_of, write_json

SERIES, HORIZON, HISTORY, SEASON = 3, 5, 17, 4
QUANTILES = [0.1, 0.5, 0.9]


def evaluation() -> None:
    """Scores of a cross-validation of two series, three forecasts each, and the mean of all."""
    assert version("utilsforecast") == "0.2.17"
    rng = np.random.default_rng(seed_of("evaluation"))
    exact = lambda n: np.round(rng.normal(10.0, 3.0, n) * 64) / 64
    lengths, windows, step = {"a": 25, "b": 19}, 3, 2
    whole = pd.concat([pd.DataFrame({"unique_id": name, "ds": np.arange(n), "y": exact(n)}) for name, n in lengths.items()])
    frames = []
    for name, n in lengths.items():
        for window in range(windows):
            end = n - step * (windows - 1 - window)
            ds = np.arange(end - HORIZON, end)
            bands = np.sort(exact((len(ds), 3)), axis=1)
            frames.append(pd.DataFrame({"unique_id": name, "ds": ds, "cutoff": ds[0] - 1, "M": bands[:, 1],
                                        "M-lo-80": bands[:, 0], "M-hi-80": bands[:, 2], "N": exact(len(ds))}))
    frame = pd.concat(frames).merge(whole, on=["unique_id", "ds"], how="left")
    season = dict(seasonality=SEASON)
    quantiles = np.array([0.1, 0.9])
    bounds = {"M": ["M-lo-80", "M-hi-80"]}
    point = [losses.mae, losses.mse, losses.rmse, losses.mape, losses.smape, partial(losses.mase, **season),
             partial(losses.rmsse, **season), partial(losses.rmae, baseline="N")]
    scores = evaluate(frame, metrics=point, models=["M", "N"], train_df=whole)
    rows = [*scores.to_dict("records")]
    for name, of_bounds in [("mqloss", losses.mqloss), ("scaledcrps", losses.scaled_crps)]:
        frame_of = of_bounds(frame, models=bounds, quantiles=quantiles)
        rows += [dict(row, metric=name) for row in frame_of.to_dict("records")]
    covered = losses.coverage(frame, models=["M"], level=80)
    rows += [dict(row, metric="coverage-80") for row in covered.to_dict("records")]
    write_json("evaluation.json", {
        "reference": "utilsforecast 0.2.17", "h": HORIZON, "windows": windows, "seasonLength": SEASON,
        "lengths": list(lengths.values()), "y": whole["y"].to_numpy(),
        "ds": frame["ds"].to_numpy(), "cutoff": frame["cutoff"].to_numpy(),
        "columns": {name: frame[name].to_numpy() for name in ["M", "M-lo-80", "M-hi-80", "N"]},
        "rows": [{"series": list(lengths).index(row["unique_id"]), "cutoff": int(row["cutoff"]), "metric": row["metric"].removesuffix("_N"),
                  **{model: float(row[model]) for model in ["M", "N"] if model in row}} for row in rows],
    })


def make() -> None:
    evaluation()
    rng = np.random.default_rng(seed_of("metrics"))
    exact = lambda *shape: np.round(rng.normal(10.0, 3.0, shape) * 64) / 64
    y, y_hat, benchmark = exact(SERIES, HORIZON), exact(SERIES, HORIZON), exact(SERIES, HORIZON)
    train, quantiles = exact(SERIES, HISTORY), np.sort(exact(SERIES, HORIZON, len(QUANTILES)), axis=-1)
    y_hat[0, 1], y_hat[2, 4] = y[0, 1], y[2, 4]  # what is forecast exactly
    mask = np.ones((SERIES, HORIZON))
    mask[1, 3] = mask[2, 0] = 0.0
    naive = np.tile(train[:, -SEASON:], 2)[:, :HORIZON]

    def of_series(score, *arguments, **options):
        return [score(*(a[i] for a in arguments), weights=mask[i], **options) for i in range(SERIES)]

    def tensor(values):
        return torch.tensor(values).reshape(SERIES, HORIZON, -1)

    def relative(other):
        return relMSE()(tensor(y), tensor(y_hat), tensor(other), mask=tensor(mask)).item()

    available = y * mask  # upstream's panels have 0 where a value is missing
    crps = sCRPS(quantiles=QUANTILES)(tensor(available), torch.tensor(quantiles).unsqueeze(2), None, mask=tensor(mask)).item()
    write_json("metrics.json", {
        "reference": "neuralforecast 3.3.0",
        "shapes": "y, mask, yHat, benchmark [series, h]; train [series, steps]; quantileForecasts [series, h, quantiles]; "
                  "scores one for each series, or one of all",
        "y": y, "mask": mask, "yHat": y_hat, "benchmark": benchmark, "train": train, "seasonLength": SEASON,
        "quantiles": QUANTILES, "quantileForecasts": quantiles,
        "scores": {
            "mae": of_series(scores.mae, y, y_hat),
            "mse": of_series(scores.mse, y, y_hat),
            "rmse": of_series(scores.rmse, y, y_hat),
            "mape": of_series(scores.mape, y, y_hat),
            "smape": of_series(scores.smape, y, y_hat),
            "mase": of_series(scores.mase, y, y_hat, train, seasonality=SEASON),
            "rmae": of_series(scores.rmae, y, y_hat, benchmark),
            "rmaeOfNaive": of_series(scores.rmae, y, y_hat, naive),
            "ql-0.9": of_series(scores.quantile_loss, y, quantiles[..., 2], q=0.9),
            "mqloss": of_series(scores.mqloss, y, quantiles, quantiles=np.array(QUANTILES)),
            "relmse": relative(benchmark),
            "relmseOfNaive": relative(naive),
            "scrps": crps,
            "accuracy": [float(Accuracy()(tensor(y)[i, mask[i] > 0][None], tensor(y_hat)[i, mask[i] > 0][None], None)) for i in range(SERIES)],
        },
    })
