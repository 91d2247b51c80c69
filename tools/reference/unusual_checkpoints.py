"""Makes core/tests/fixtures/checkpoints_unusual: what Python saves beyond the plain cases.

Needs neuralforecast==3.3.0 and polars. Run from the repository's root: python tools/reference/unusual_checkpoints.py
"""

import logging
import shutil
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import torch
from neuralforecast import NeuralForecast
from neuralforecast.losses.pytorch import GMM, MAE, DistributionLoss, IQLoss, MQLoss
from neuralforecast.models import LSTM, NHITS, TCN, DeepAR, DeepNPTS, DLinear, FEDformer
from neuralforecast.utils import PredictionIntervals

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)
OUT = Path("core/tests/fixtures/checkpoints_unusual")
SHARED = dict(h=2, input_size=4, max_steps=1, accelerator="cpu", enable_progress_bar=False, logger=False)
SMALL = dict(mlp_units=[[3, 3]] * 3, **SHARED)


def table(ids=("a", "b"), size=24, steps=False, unit=None, zone=None):
    rng, parts = np.random.default_rng(0), []
    for i, name in enumerate(ids):
        n = size + 3 * i
        ds = np.arange(n) if steps else pd.date_range("2020-01-01", periods=n, freq="D", tz=zone)
        y = np.sin(np.arange(n) / 3) + i + rng.normal(size=n) * 0.1
        parts.append(pd.DataFrame({"unique_id": name, "ds": ds.as_unit(unit) if unit else ds, "y": y}))
    return pd.concat(parts, ignore_index=True)


def save(name, models, data, freq="D", quantiles=None, **fit):
    nf = NeuralForecast(models=models, freq=freq)
    nf.fit(data, **fit)
    nf.predict(quantiles=quantiles)
    nf.save(str(OUT / name), overwrite=True)


def main():
    shutil.rmtree(OUT, ignore_errors=True)
    plain = table()
    save("time_zone", [DLinear(**SHARED)], table(zone="Europe/Berlin"))
    save("nanoseconds", [DLinear(**SHARED)], table(unit="ns"))
    save("polars_dates", [DLinear(**SHARED)], pl.from_pandas(plain), "1d")
    save("polars_steps", [DLinear(**SHARED)], pl.from_pandas(table((3, 10), steps=True)), 1)
    save("conformal", [DLinear(**SHARED)], plain, prediction_intervals=PredictionIntervals())
    save("changed_quantiles", [NHITS(loss=DistributionLoss("Normal", level=[80]), **SMALL)], plain, quantiles=[0.3, 0.6])
    save("complex", [FEDformer(hidden_size=8, n_head=8, conv_hidden_size=2, **SHARED)], plain)
    save("shared_convolutions", [TCN(encoder_hidden_size=2, decoder_hidden_size=2, **SHARED), DeepNPTS(hidden_size=2, **SHARED)], plain)
    masked = plain.assign(sample_weight=np.linspace(0.5, 1, len(plain)), available_mask=(np.arange(len(plain)) % 7 != 0) * 1.0)
    masked.loc[masked.available_mask == 0, "y"] = 0.0
    save("masked", [DLinear(**SHARED)], masked)
    kinds = plain.assign(kind=np.where(np.arange(len(plain)) % 2, "x", "y"))
    categories = dict(hist_exog_list=["kind"], cat_exog_list=["kind"], categorical_cardinalities={"kind": 2})
    save("categories", [NHITS(**categories, **SMALL)], kinds)
    torch_settings = dict(
        optimizer=torch.optim.AdamW,
        optimizer_kwargs=dict(weight_decay=0.01, betas=(0.9, 0.99)),
        lr_scheduler=torch.optim.lr_scheduler.StepLR,
        lr_scheduler_kwargs=dict(step_size=5, gamma=0.3),
        gradient_clip_val=1.0,
        dataloader_kwargs=dict(num_workers=0),
    )
    save(
        "settings",
        [
            DLinear(loss=MAE(horizon_weight=np.array([1.0, 2.0])), alias="My net", **torch_settings, **SHARED),
            LSTM(encoder_hidden_size=2, decoder_hidden_size=2, loss=MQLoss(quantiles=[0.1, 0.5, 0.9]), **{**SHARED, "input_size": -1}),
            LSTM(encoder_hidden_size=2, recurrent=True, alias="recurrent", scaler_type="revin", **SHARED),
        ],
        plain,
    )
    implicit = [IQLoss(cos_embedding_dim=4), IQLoss(cos_embedding_dim=4)]
    save(
        "distributions",
        [
            DeepAR(lstm_hidden_size=2, **SHARED),
            NHITS(alias="mixture", loss=GMM(n_components=2), **SMALL),
            NHITS(alias="implicit", loss=implicit[0], valid_loss=implicit[1], **SMALL),
            NHITS(alias="spline", loss=DistributionLoss("ISQF", num_pieces=3), **SMALL),
        ],
        plain,
    )


if __name__ == "__main__":
    main()
