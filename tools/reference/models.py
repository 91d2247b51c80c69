"""Forward and gradient fixtures: `core/tests/fixtures/models/<Model>/<case>.safetensors`.

Upstream's weights, one batch, its output, its loss and the gradient of every parameter, per row of `CASES`.
Reference: neuralforecast 3.3.0. Run: `python tools/reference/make.py models`. Format: README.md beside this file.
"""

import json

import pandas as pd
import torch
from neuralforecast.losses.pytorch import MSE, HuberLoss, MQLoss
from neuralforecast.models import LSTM, NHITS, DLinear

from fixture import generator, options_json, seed_of, write_tensors

EXOG = dict(futr_exog_list=["f1", "f2"], hist_exog_list=["x1", "x2"], stat_exog_list=["s1"])
BATCH = 5

DLINEAR = dict(h=4, input_size=12)
NHITS_ = dict(h=6, input_size=12, mlp_units=[[12, 10], [10, 12]])
LSTM_ = dict(h=3, input_size=7, encoder_hidden_size=10, decoder_hidden_size=8, scaler_type="identity")
RECURRENT = dict(LSTM_, recurrent=True, h=4)

# model, shared options, then one row per case: name and what differs.
CASES = [
    (DLinear, DLINEAR, [
        ("plain", dict(moving_avg_window=7)),
        ("window_5", dict(moving_avg_window=5)),
        ("window_longer_than_input", dict(moving_avg_window=25, input_size=8)),
        ("mq", dict(moving_avg_window=7, loss=MQLoss(level=[80, 90]))),
    ]),
    (NHITS, NHITS_, [
        ("plain", {}),
        ("exog", EXOG),
        ("futr_exog", dict(futr_exog_list=["f1"])),
        ("hist_exog", dict(hist_exog_list=["x1", "x2", "x3"])),
        ("stat_exog", dict(stat_exog_list=["s1", "s2"])),
        ("mq", dict(loss=MQLoss(level=[80]))),
        ("mq_exog_nearest", dict(loss=MQLoss(quantiles=[0.1, 0.5, 0.7]), interpolation_mode="nearest", **EXOG)),
        ("avg_pool", dict(pooling_mode="AvgPool1d", n_pool_kernel_size=[4, 3, 1], **EXOG)),
        ("nearest", dict(interpolation_mode="nearest")),
        ("cubic", dict(interpolation_mode="cubic")),
        ("softplus", dict(activation="Softplus")),
        ("tanh", dict(activation="Tanh")),
        ("selu", dict(activation="SELU")),
        ("leaky_relu", dict(activation="LeakyReLU")),
        ("prelu", dict(activation="PReLU")),
        ("sigmoid", dict(activation="Sigmoid")),
        ("blocks_2_1_1", dict(n_blocks=[2, 1, 1], mlp_units=[[12, 16], [16, 9]])),
        ("two_stacks", dict(stack_types=["identity"] * 2, n_blocks=[1, 2], n_pool_kernel_size=[3, 1],
                            n_freq_downsample=[3, 1], mlp_units=[[8, 8]])),
        ("pool_not_dividing", dict(input_size=13, n_pool_kernel_size=[4, 3, 1], **EXOG)),
        ("avg_pool_not_dividing", dict(input_size=13, n_pool_kernel_size=[4, 3, 2], pooling_mode="AvgPool1d")),
        ("downsample_not_dividing", dict(h=7, n_freq_downsample=[24, 3, 2])),
        ("cubic_not_dividing", dict(h=7, n_freq_downsample=[5, 3, 2], interpolation_mode="cubic")),
        ("huber", dict(loss=HuberLoss(delta=0.5))),
        ("mse", dict(loss=MSE())),
    ]),
    (LSTM, LSTM_, [
        ("direct", {}),
        ("direct_upsample", dict(h=8, input_size=5)),
        ("direct_h_equals_input", dict(h=6, input_size=6)),
        ("direct_exog", EXOG),
        ("direct_exog_upsample", dict(h=8, input_size=5, **EXOG)),
        ("direct_mq", dict(loss=MQLoss(level=[80]))),
        ("direct_decoder_1", dict(decoder_layers=1)),
        ("direct_decoder_3", dict(decoder_layers=3)),
        ("direct_encoder_1", dict(encoder_n_layers=1)),
        ("direct_encoder_3", dict(encoder_n_layers=3)),
        ("direct_no_bias", dict(encoder_bias=False)),
        ("direct_gelu", dict(decoder_activation="GELU")),
        ("direct_tanh", dict(decoder_activation="Tanh")),
    ]),
    (LSTM, RECURRENT, [
        ("recurrent", dict(h_train=1)),
        ("recurrent_h_train_3", dict(h_train=3)),
        ("recurrent_exog", dict(h_train=2, **EXOG)),
        ("recurrent_mq", dict(h_train=2, loss=MQLoss(level=[80]))),
        ("recurrent_encoder_1_no_bias", dict(encoder_n_layers=1, encoder_bias=False)),
    ]),
]


def draw_windows(model, length: int, rng: torch.Generator):
    """Random windows [B, length, C, 1] with holes, as upstream cuts them; masked points read 0."""
    exog = model.hist_exog_list + model.futr_exog_list
    columns = pd.Index(["y", "available_mask"] + exog)
    values = torch.randn(BATCH, length, len(columns), generator=rng)
    mask = (torch.rand(BATCH, length, generator=rng) > 0.2).float()
    mask[0] = 1.0  # one full window, and none empty
    mask[:, model.input_size - 1 : model.input_size + 1] = 1.0
    trained = model.h_train if model.RECURRENT else model.h
    mask[1:3, model.input_size + trained - 1] = 0.0  # the right padding of the last windows
    values[:, :, 0] = (values[:, :, 0] + 1.0) * mask
    values[:, :, 1] = mask
    static = torch.randn(BATCH, len(model.stat_exog_list), generator=rng)
    return dict(temporal=values.unsqueeze(-1), temporal_cols=columns, static=static,
                static_cols=pd.Index(model.stat_exog_list))


def parse(model, windows):
    """Upstream's own split of windows into the tensors a model sees."""
    names = ("insample_y", "insample_mask", "outsample_y", "outsample_mask", "hist_exog", "futr_exog", "stat_exog")
    cut = dict(windows, temporal=windows["temporal"].clone())
    return dict(zip(names, model._parse_windows(dict(y_idx=0), cut)))


def squeezed(batch: dict, prefix: str) -> dict:
    """`[B, T, 1]` targets and masks become `[B, T]`; absent inputs are left out."""
    flat = {"insample_y", "insample_mask", "outsample_y", "outsample_mask"}
    return {f"{prefix}.{k}": v.squeeze(-1) if k in flat else v for k, v in batch.items() if v is not None}


def decode_recurrently(model, windows) -> tuple[dict, dict]:
    """What upstream forecasts and validates step by step, over the whole horizon."""
    model.h = model.horizon_backup
    batch = parse(model, windows)
    model.scaler.transform(batch["insample_y"].unsqueeze(2), batch["insample_mask"].unsqueeze(2))  # identity: sets 0 and 1
    inputs = {k: batch[k] for k in ("insample_y", "insample_mask", "futr_exog", "hist_exog", "stat_exog")}
    with torch.no_grad():
        predicted = model._predict_step_recurrent_batch(**inputs, y_idx=0)
        validated = model._validate_step_recurrent_batch(**inputs, y_idx=0)
    tensors = squeezed(batch, "decode")
    tensors.update(predict_output=predicted, validate_output=validated)
    lengths = {
        "decode": f"decode.* span input_size + 1 + h - 1 = {batch['insample_y'].shape[1]} steps; decoding reads the first "
                  f"{model.input_size} of decode.insample_y, then feeds back its own output; exogenous rows are one step "
                  "ahead of insample_y, historic ones are 0 from row input_size on",
        "predict_output": "[B, h, len(output_names)], _predict_step_recurrent_batch, identity scaler. With MQLoss the mean over "
                          "quantiles is fed back AND broadcast into every output column",
        "validate_output": "[B, h, outputsize_multiplier], _validate_step_recurrent_batch: the raw network output of each step; "
                           "the mean over outputs is fed back",
    }
    return tensors, lengths


def make_case(model_class, name: str, kwargs: dict) -> None:
    case = f"{model_class.__name__}/{name}"
    rng = generator(case)
    model = model_class(**kwargs, max_steps=1, random_seed=seed_of(case) % 10_000)
    model.train()  # same graph as eval(): every dropout probability is 0
    lengths = {}
    windows = draw_windows(model, model.input_size + model.h, rng)
    tensors = {}
    if model.RECURRENT:
        tensors, lengths = decode_recurrently(model, windows)
        model.h = model.h_train
        windows["temporal"] = windows["temporal"][:, : model.input_size + model.h_train]
        lengths["batch"] = (f"recurrent training: batch.insample_y and exogenous inputs span input_size + h_train = "
                            f"{model.input_size + model.h_train - 1} steps, batch.outsample_y h_train = {model.h_train}; "
                            "output is the last h_train steps")
    batch = parse(model, windows)
    inputs = {k: batch[k] for k in ("insample_y", "insample_mask", "futr_exog", "hist_exog", "stat_exog")}
    output = model(inputs)
    loss = model.loss(y=batch["outsample_y"], y_hat=model.loss.domain_map(output),
                      y_insample=batch["insample_y"], mask=batch["outsample_mask"])
    loss.backward()
    for k, p in model.named_parameters():  # e.g. the signs of MAE cancelling: nothing to compare against
        assert not p.requires_grad or p.grad.abs().max() > 1e-7, f"{case}: {k} has no gradient, change the case's name"
    tensors.update({f"param.{k}": v for k, v in model.state_dict().items()})
    tensors.update(squeezed(batch, "batch"))
    tensors.update({f"grad.{k}": p.grad for k, p in model.named_parameters() if p.grad is not None})
    tensors.update(output=output, loss=loss)
    write_tensors(f"models/{case}.safetensors", tensors, {
        "model": model_class.__name__,
        "options": options_json(kwargs),
        "mode": "train; dropout 0",
        "lengths": json.dumps(lengths),
    })


def make() -> None:
    for model_class, shared, rows in CASES:
        for name, kwargs in rows:
            make_case(model_class, name, {**shared, **kwargs})
