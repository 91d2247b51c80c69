"""Training fixtures: `core/tests/fixtures/training/<case>.safetensors`: 30 steps of upstream's own `NeuralForecast.fit`.

Initial weights, the data, the losses of every step, validation losses, final weights and the forecast, per row of
`TRAINING` of `cases/`.
Reference: neuralforecast 3.3.0. Run: `python tools/reference/make.py training`. Format: README.md beside this file.
"""

import json

import numpy as np
import torch
from neuralforecast import NeuralForecast

import cases
from cases import LENGTHS, SHORT, STEPS
from draws import forwards_as_ours
from fixture import options_json, state, write_tensors
from no_slope import no_slope
from panel import QUIET, seasonal_panel
from quantiles import drawn_as_ours

HORIZON, VAL_SIZE = SHORT["h"], 9


def in_order(model) -> None:
    """Keeps the series of a multivariate model in order: upstream's loader shuffles them, and with them the weights' series."""
    fit = model._fit
    model._fit = lambda *args, **kwargs: fit(*args, **kwargs, shuffle_train=False)


def make_case(name: str, model_class, kwargs: dict, differs: dict = {}, init: dict = {}, lengths: list = LENGTHS,
              weight=None, target=None, val_size: int = VAL_SIZE) -> None:
    exog = {key.split("_")[0]: names for key, names in kwargs.items() if key.endswith("_exog_list")}
    times = [np.arange(length + HORIZON) for length in lengths]
    ids = [f"series_{i}" for i in range(len(lengths))]
    frame, static, future = seasonal_panel(lengths, ids, times, h=HORIZON, seed="training", **exog)

    if target is not None:
        frame["y"] = target(frame["y"].to_numpy())
    if weight is not None:
        frame["sample_weight"] = [weight(int(i[-1]), t) for i, t in zip(frame.unique_id, frame.ds)]

    nf = NeuralForecast(models=[model_class(**kwargs, **QUIET)], freq=1, **init)
    model = nf.models[0]
    if model.MULTIVARIATE:
        in_order(model)
    initial = {key: value.clone() for key, value in state(model).items()}
    drawn = lambda: forwards_as_ours(model, model.random_seed, lambda: model.global_step)
    with drawn_as_ours(model), drawn():
        nf.fit(frame, static_df=static, val_size=val_size)
    steps = len({step for step, _ in model.train_trajectories})
    stops = model.early_stop_patience_steps > 0
    assert nf.models[0] is model and (steps < STEPS if stops else steps == STEPS)
    with drawn():
        columns = nf.predict(futr_df=future).drop(columns=["unique_id", "ds"])
    val_steps, val_loss = zip(*model.valid_trajectories)

    if "cat" in exog:  # the Rust side reads numbers of categories; upstream numbered them at fit
        assert set(nf.categorical_vocab_) == set(exog["cat"])
        frame, static, future = (None if table is None else nf._encode_categoricals(table) for table in (frame, static, future))
    tensors = {f"param.{key}": value for key, value in initial.items()}
    tensors.update({f"final.{key}": value for key, value in state(model).items()})
    tensors["y"] = frame["y"].to_numpy()
    tensors["indptr"] = np.cumsum([0, *lengths])
    if weight is not None:
        tensors["sample_weight"] = frame["sample_weight"].to_numpy()
    for column in exog.get("futr", []):
        tensors[f"futr.{column}"] = np.concatenate([
            np.concatenate([frame.loc[frame.unique_id == i, column], future.loc[future.unique_id == i, column]]) for i in ids])
    tensors.update({f"hist.{column}": frame[column].to_numpy() for column in exog.get("hist", [])})
    tensors.update({f"stat.{column}": static[column].to_numpy() for column in exog.get("stat", [])})
    batches = [loss for _, loss in model.train_trajectories]
    tensors["train_loss"] = np.array(batches).reshape(steps, -1).mean(axis=1)
    tensors["val_loss"], tensors["val_steps"] = np.array(val_loss), np.array(val_steps)
    tensors["forecast"] = columns.to_numpy().reshape(len(lengths), HORIZON, -1)
    write_tensors(f"training/{name}.safetensors", tensors, {
        "model": model_class.__name__,
        "options": options_json({**kwargs, **differs}),
        "val_size": str(val_size),
        **({"no_slope": json.dumps(flat)} if (flat := no_slope(model)) else {}),
        "columns": json.dumps(list(columns.columns)),
        **init,
        "note": "y, hist.* [sum of lengths]; futr.* h rows longer per series (indptr[i] + i*h); forecast [series, h, columns]; "
                "val_steps counts optimizer steps done: 0 is the trainer's check before the first step",
    })


def make(only: str | None = None) -> None:
    for model in cases.models(only):
        more = {"val_size": model.VAL_SIZE} if hasattr(model, "VAL_SIZE") else {}
        for name, *arguments in model.TRAINING:
            make_case(name, model.MODEL, *arguments, **more)
