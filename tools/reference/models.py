"""Forward and gradient fixtures: `core/tests/fixtures/models/<Model>/<case>.safetensors`.

Upstream's weights, one batch, its output, its loss and the gradient of every parameter, per row of `FORWARD` of `cases/`.
Reference: neuralforecast 3.3.0. Run: `python tools/reference/make.py models`. Format: README.md beside this file.
"""

import json

import pandas as pd
import torch

from neuralforecast.losses.pytorch import HuberIQLoss, IQLoss
from neuralforecast.models.fedformer import FourierBlock, FourierCrossAttention
from neuralforecast.models.stemgnn import StockBlockLayer
from xlstm.blocks.mlstm.cell import mLSTMCell
from xlstm.blocks.slstm.cell import sLSTMCellBase
from xlstm.components.ln import LayerNorm

import cases
from draws import forwards_as_ours
from fixture import generator, options_json, seed_of, state, write_tensors
from no_slope import no_slope

BATCH = 5
# Of each forecast distribution: quantiles of so many are good to a hundredth of its width.
SAMPLES = 40_000
# The largest target of a distribution of whole numbers.
COUNTS = {"Poisson": 9, "Bernoulli": 1}
BATCH_STATISTICS = ("running_mean", "running_var", "num_batches_tracked")
IMPLICIT = (IQLoss, HuberIQLoss)
# Quantiles that implicit ones are asked for, and the one that they are decoded at.
ASKED, DECODED_AT = (0.05, 0.5, 0.975), 0.3


def draw_windows(model, length: int, rng: torch.Generator):
    """Random windows [B, length, C, N] with holes, as upstream cuts them; masked points read 0."""
    exog = model.hist_exog_list + model.futr_exog_list
    columns = pd.Index(["y", "available_mask"] + exog)
    values = torch.randn(BATCH, length, len(columns), model.n_series, generator=rng)
    if getattr(model, "EXACT_WINDOWS", False):
        values = (values * 64).round() / 64
    mask = (torch.rand(BATCH, length, model.n_series, generator=rng) > 0.2).float()
    mask[0] = 1.0  # one full window, and none empty
    mask[:, model.input_size - 1 : model.input_size + 1] = 1.0
    trained = model.h_train if model.RECURRENT else model.h
    mask[1:3, model.input_size + trained - 1] = 0.0  # the right padding of the last windows
    values[:, :, 0] = (values[:, :, 0] + 1.0) * mask
    values[:, :, 1] = mask
    rows = model.n_series if model.MULTIVARIATE else BATCH
    static = torch.randn(rows, len(model.stat_exog_list), generator=rng)
    for name in model.cat_exog_list:  # numbers of categories, 0 for unseen ones too
        count = model.categorical_cardinalities[name]
        if name in exog:
            values[:, :, columns.get_loc(name)] = torch.randint(count + 1, values.shape[:2] + values.shape[3:], generator=rng).float()
        if name in model.stat_exog_list:
            static[:, model.stat_exog_list.index(name)] = torch.randint(count + 1, (rows,), generator=rng).float()
    return dict(temporal=values, temporal_cols=columns, static=static,
                static_cols=pd.Index(model.stat_exog_list))


def moderate(model) -> None:
    """Scales the weights of Fourier attention and of spectral blocks. With initial ones they make hardly any difference to the
    output, and scores of Fourier attention are so large that their periodic activation turns rounding errors into differences."""
    for module in model.modules():
        inner = getattr(module, "inner_correlation", None)
        if isinstance(inner, FourierCrossAttention):
            for projection in (module.query_projection, module.key_projection):
                projection.weight *= 0.2
                projection.bias *= 0.2
    for module in model.modules():
        if isinstance(module, FourierBlock):
            module.weights1 *= 0.2 / module.scale
        elif isinstance(module, FourierCrossAttention):
            module.weights1 *= 2 / module.scale**2
        elif isinstance(module, StockBlockLayer):
            module.weight *= 3
            for gated in module.GLUs:
                gated.linear_left.weight *= 3


def away_from_zero(model, rng: torch.Generator) -> None:
    """Moves what an xLSTM begins with at 0: the weights of gates and norms, and those of the recurrence."""
    for module in model.modules():
        if isinstance(module, mLSTMCell):
            zeros = [module.igate.weight, module.fgate.weight]
        elif isinstance(module, LayerNorm):
            zeros = [module.weight]
        elif isinstance(module, sLSTMCellBase):
            zeros = [module._recurrent_kernel_]
        else:
            continue
        for weight in zeros:
            weight += 0.3 * torch.randn(weight.shape, generator=rng)


def parse(model, windows):
    """Upstream's own split of windows into the tensors a model sees."""
    names = ("insample_y", "insample_mask", "outsample_y", "outsample_mask", "hist_exog", "futr_exog", "stat_exog")
    cut = dict(windows, temporal=windows["temporal"].clone())
    return dict(zip(names, model._parse_windows(dict(y_idx=0), cut)))


def parse_raw(model, windows, prefix: str) -> dict:
    """The exogenous inputs before categories are embedded, where there are any: columns in the order of the options."""
    if not model.cat_exog_list:
        return {}
    lists = ("hist_cat_exog_list", "futr_cat_exog_list", "stat_cat_exog_list")
    kept = {name: getattr(model, name) for name in lists}
    for name in lists:
        setattr(model, name, [])
    batch = parse(model, windows)
    for name in lists:
        setattr(model, name, kept[name])
    return {f"{prefix}.raw.{k}": v for k, v in batch.items() if k.endswith("_exog") and v is not None}


def squeezed(model, batch: dict, prefix: str) -> dict:
    """`[B, T, 1]` targets and masks of univariate models become `[B, T]`; absent inputs are left out."""
    flat = set() if model.MULTIVARIATE else {"insample_y", "insample_mask", "outsample_y", "outsample_mask"}
    return {f"{prefix}.{k}": v.squeeze(-1) if k in flat else v for k, v in batch.items() if v is not None}


def decode_recurrently(model, windows) -> tuple[dict, dict]:
    """What upstream forecasts and validates step by step, over the whole horizon."""
    model.h = model.horizon_backup
    batch = parse(model, windows)
    model.scaler.transform(batch["insample_y"].unsqueeze(2), batch["insample_mask"].unsqueeze(2))  # identity: sets 0 and 1
    inputs = {k: batch[k] for k in ("insample_y", "insample_mask", "futr_exog", "hist_exog", "stat_exog")}
    implicit = isinstance(model.loss, IMPLICIT)
    if implicit:
        model.loss.update_quantile([DECODED_AT])
    with torch.no_grad():
        predicted = model._predict_step_recurrent_batch(**inputs, y_idx=0)
        # Implicit quantiles are validated at random ones: nothing to compare with.
        validated = None if implicit else model._validate_step_recurrent_batch(**inputs, y_idx=0)
    model.loss.has_predicted = False
    tensors = {**squeezed(model, batch, "decode"), **parse_raw(model, windows, "decode")}
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


def likelihood(model, output, batch, rng) -> tuple[torch.Tensor, dict]:
    """The loss of a distribution on the scale of the target, from a location and a scale for each window and series."""
    series = batch["outsample_y"].shape[2]
    loc = 3 * torch.randn(BATCH, 1, series, generator=rng)
    scale = 0.5 + 2 * torch.rand(BATCH, 1, series, generator=rng)
    args = model.loss.scale_decouple(output=model.loss.domain_map(output), loc=loc, scale=scale)
    y = batch["outsample_y"] * scale + loc
    most = COUNTS.get(model.loss.distribution)
    if most is not None:
        y = torch.randint(most + 1, y.shape, generator=rng).float()
    _, mean, quantiles = model.loss.sample(args, num_samples=SAMPLES)
    loss = model.loss(y=y, distr_args=args, mask=batch["outsample_mask"])
    model.loss.distr_mean = None  # a part of this graph: the loss, perhaps a default argument, could not be copied again
    rows = lambda values: values.transpose(1, 2).squeeze(1)  # [B, h, N, ..] -> [B, N, h, ..]
    return loss, {
        **({} if most is None else {"y": y.squeeze(2)}),
        "loc": loc.squeeze(), "scale": scale.squeeze(), "distr_args": rows(torch.stack(args, dim=-1)),
        "sampled": rows(torch.cat([mean, quantiles], dim=-1)),
    }


def make_case(model_class, name: str, kwargs: dict, without_gradient=lambda model, parameter: False) -> None:
    case = f"{model_class.__name__}/{name}"
    rng = generator(case)
    model = model_class(**{"random_seed": seed_of(case) % 10_000, **kwargs}, max_steps=1)
    if isinstance(model.loss, IMPLICIT):
        with torch.no_grad():
            model.loss.output_layer[0].bias *= 0.05  # numbers on both sides of 0, as its activation has two
    with torch.no_grad():
        moderate(model)
        away_from_zero(model, generator(f"{case}/weights"))
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
    buffers = {k: v for k, v in model.named_buffers() if k.endswith(BATCH_STATISTICS)}
    for key, value in buffers.items():  # as after some steps, and not where every model begins
        value += (torch.rand(value.shape, generator=rng) * 8).to(value.dtype)
    learned_twice = ("valid_loss.quantile_layer.", "valid_loss.output_layer.")
    tensors.update({f"param.{k}": v.clone() for k, v in state(model).items() if not k.startswith(learned_twice)})
    with forwards_as_ours(model, 1, lambda: 1):  # the key that the Rust test trains with
        output = model(inputs)
    tensors.update({f"after.{k}": v.clone() for k, v in buffers.items()})
    torch.manual_seed(seed_of(case))
    if model.loss.is_distribution_output:
        loss, more = likelihood(model, output, batch, rng)
        tensors.update(more)
        lengths["sampled"] = f"[B, h, 1 + quantiles]: mean and quantiles of {SAMPLES} samples; distr_args are on the same scale"
    else:
        loss = model.loss(y=batch["outsample_y"], y_hat=model.loss.domain_map(output),
                          y_insample=batch["insample_y"], mask=batch["outsample_mask"])
    loss.backward()
    if isinstance(model.loss, IMPLICIT):
        tensors["levels"] = model.loss.q
        for quantile in ASKED:
            model.loss.update_quantile([quantile])
            tensors[f"at.{quantile}"] = model.loss.domain_map(output)
    flat, largest = no_slope(model), max(p.grad.abs().max() for p in model.parameters() if p.grad is not None)
    for k, p in model.named_parameters():  # e.g. the signs of MAE cancelling: nothing to compare against
        # None: the loss never reaches it, and the fixture has no gradient of it.
        if without_gradient(model, k):
            assert p.grad is None or not p.grad.any(), f"{case}: {k} has a gradient"
            p.grad = torch.zeros_like(p)
            continue
        if k in flat:
            assert p.grad.abs().max() < 1e-5 * largest, f"{case}: {k} has a gradient"
            continue
        assert p.grad is None or p.grad.abs().max() > 1e-7, f"{case}: {k} has no gradient, change the case's name"
    tensors.update(squeezed(model, batch, "batch"))
    tensors.update(parse_raw(model, windows, "batch"))
    tensors.update({f"grad.{k}": p.grad for k, p in model.named_parameters() if p.grad is not None and k not in flat})
    tensors.update(output=output, loss=loss)
    if buffers:
        model.eval()
        with torch.no_grad(), forwards_as_ours(model, 1, lambda: 1):
            tensors.update(eval_output=model(inputs))
    write_tensors(f"models/{case}.safetensors", tensors, {
        "model": model_class.__name__,
        "options": options_json(kwargs),
        "mode": "train; dropout 0",
        "lengths": json.dumps(lengths),
        **({"no_slope": json.dumps(flat)} if flat else {}),
        **({"decoded_at": str(DECODED_AT)} if model.RECURRENT and isinstance(model.loss, IMPLICIT) else {}),
    })


def make(only: str | None = None) -> None:
    for model in cases.models(only):
        for shared, rows in model.FORWARD:
            for name, kwargs in rows:
                make_case(model.MODEL, name, {**shared, **kwargs}, *filter(None, [getattr(model, "without_gradient", None)]))
