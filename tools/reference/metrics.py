"""Scores: `core/tests/fixtures/metrics.json`, by upstream's `losses/numpy.py` series by series, and by its losses that only measure.

Reference: neuralforecast 3.3.0. Run: `python tools/reference/make.py metrics`.
"""

import numpy as np
import torch
from neuralforecast.losses import numpy as scores
from neuralforecast.losses.pytorch import Accuracy, relMSE, sCRPS

from fixture import seed_of, write_json

SERIES, HORIZON, HISTORY, SEASON = 3, 5, 17, 4
QUANTILES = [0.1, 0.5, 0.9]


def make() -> None:
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
