"""Hierarchical reconciliation: `core/tests/fixtures/hierarchies.json`, by upstream's `models/hint.py`.

`HINT.predict` runs as it is over a model that gives fixed samples. It draws samples anew with replacement
(`np.random.choice`); here each is drawn once, in order, so its forecasts are those of the samples in the file.

Reference: neuralforecast 3.3.0. Run: `python tools/reference/make.py hierarchies`.
"""

from types import SimpleNamespace

import numpy as np
from neuralforecast.losses.pytorch import DistributionLoss
from neuralforecast.models import hint

from fixture import seed_of, write_json

WINDOWS, HORIZON, SAMPLES = 2, 2, 11
METHODS = {
    "BottomUp": hint.get_bottomup_P,
    "MinTraceOLS": hint.get_mintrace_ols_P,
    "MinTraceWLS": hint.get_mintrace_wls_P,
}
HIERARCHIES = {
    "tree": [[1, 1, 1, 1], [1, 1, 0, 0], [0, 0, 1, 1]],
    "grouped": [[1, 1, 1, 1], [1, 1, 0, 0], [0, 0, 1, 1], [1, 0, 1, 0], [0, 1, 0, 1], [1, 1, 0, 0]],
    "weighted": [[0.25, 0.5, 2.0], [1.0, 0.0, -0.5]],
    "repeated": [[1.0], [1.0]],
}


class Given:
    """A model whose samples are given."""

    early_stop_patience_steps, val_monitor, h = -1, "ptl/val_loss", HORIZON

    def __init__(self, samples):
        self.loss = DistributionLoss("Normal", level=[80], num_samples=SAMPLES)
        self.samples = samples

    def predict(self, dataset, step_size, random_seed):
        rows = self.samples.reshape(-1, SAMPLES)
        return np.concatenate([rows.mean(axis=1, keepdims=True), rows], axis=1)


def in_order(n, size, replace):
    return np.tile(np.arange(n), (size[0], 1))


def make() -> None:
    cases = []
    for name, aggregates in HIERARCHIES.items():
        aggregates = np.array(aggregates, dtype=np.float64)
        S = np.vstack([aggregates, np.eye(aggregates.shape[1])])
        rng = np.random.default_rng(seed_of(name))
        samples = np.round(rng.normal(20.0, 8.0, (len(S), WINDOWS, HORIZON, SAMPLES)) * 64) / 64
        for method, reconciliation in METHODS.items():
            model = Given(samples)
            model = hint.HINT(h=HORIZON, S=S, model=model, reconciliation=method)
            original, np.random.choice = np.random.choice, in_order
            try:
                forecast = model.predict(SimpleNamespace(n_groups=len(S)))
            finally:
                np.random.choice = original
            cases.append({
                "name": f"{name} {method}", "reconciliation": method, "S": S, "P": reconciliation(S=S), "SP": model.SP,
                "samples": samples, "forecast": forecast.reshape(len(S), WINDOWS, HORIZON, -1),
            })
    write_json("hierarchies.json", {
        "reference": "neuralforecast 3.3.0",
        "shapes": "S [series, bottom]; P [bottom, series]; SP [series, series]; samples [series, windows, h, samples]; "
                  "forecast [series, windows, h, 1 + quantiles], mean and quantiles",
        "quantiles": Given(None).loss.quantiles.tolist(),
        "cases": cases,
    })
