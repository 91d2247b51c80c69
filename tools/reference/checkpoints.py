"""Checkpoints: `core/tests/fixtures/checkpoints/<case>/` by `NeuralForecast.save`, and `<case>.expected.json` beside each.

The expected file holds the forecast of the loaded checkpoint and, where it needs them, the future or whole frame.
Reference: neuralforecast 3.3.0. Run: `python tools/reference/make.py checkpoints`. Format: README.md beside this file.
"""

import json
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from neuralforecast import NeuralForecast
from neuralforecast.losses.pytorch import (GMM, MAE, NBMM, PMM, DistributionLoss, HuberIQLoss, HuberLoss, IQLoss,
                                           MQLoss)
from neuralforecast.models import (Autoformer, DLinear, DeepAR, DilatedRNN, FEDformer, GRU, Informer, KAN, LSTM, NHITS, PatchTST, RMoK,
                                   RNN, SOFTS, SOFTSSharp, StemGNN, TFT, TimeMixer, TimeXer, TimesNet, XLinear, iTransformer,
                                   xLSTM)
from neuralforecast.tsdataset import TimeSeriesDataset

import slstm_cells  # noqa: F401  sLSTM without CUDA
from fixture import FIXTURES, write_json
from panel import QUIET, seasonal_panel

SHARED = dict(h=4, input_size=8, max_steps=3, random_seed=1, **QUIET)
NHITS_ = dict(SHARED, mlp_units=[[6, 6]])
LSTM_ = dict(SHARED, encoder_hidden_size=6, decoder_hidden_size=6)
TFT_ = dict(SHARED, hidden_size=6, n_head=2, n_rnn_layers=2)
PATCHTST_ = dict(SHARED, hidden_size=6, n_heads=2, linear_hidden_size=4, encoder_layers=2, patch_len=3, stride=2)
FUTURE = dict(futr_exog_list=["price", "holiday"])
SERIES_ = dict(SHARED, n_series=2, hidden_size=6, n_heads=2, d_ff=4)
MIXED_ = dict(SHARED, n_series=2)
EXOG = dict(futr_exog_list=["price", "holiday"], hist_exog_list=["visits"], stat_exog_list=["size"])

CATEGORIES = dict(futr_exog_list=["price", "weather", "bank_holiday"], hist_exog_list=["visits", "n_tills"],
                  stat_exog_list=["size", "region"], cat_exog_list=["region", "bank_holiday", "weather", "n_tills"],
                  categorical_cardinalities=dict(weather=3, bank_holiday=2, n_tills=5, region=2))


def dates(start: str, freq: str, zone=None, unit="us"):
    return lambda length: pd.date_range(start, periods=length, freq=freq, tz=zone).as_unit(unit)


# models, frequency, lengths and ids of the series, their times, NeuralForecast's own options, fit arguments
SAMPLED = dict(level=[80], num_samples=20_000)

CASES = {
    "monthly": dict(models=[NHITS(**NHITS_)], freq="MS", lengths=[30, 30], ids=["airline", "railway"], times=dates("2019-03-01", "MS")),
    "three_models": dict(
        models=[NHITS(**NHITS_, loss=MQLoss(level=[80]), scaler_type="robust"), LSTM(**LSTM_),
                DLinear(**SHARED, moving_avg_window=5, alias="trend", scaler_type="standard")],
        freq="h", lengths=[40, 26], ids=["b", "a"], times=dates("2024-02-28 20:00", "h"), fit=dict(val_size=4)),
    "integers": dict(
        models=[LSTM(**LSTM_, recurrent=True, h_train=2, scaler_type="minmax"), DLinear(**SHARED, moving_avg_window=3, loss=HuberLoss(delta=0.5))],
        freq=1, lengths=[25, 22, 19], ids=[7, 30, 200], times=lambda length: np.arange(100, 100 + length)),
    "exogenous": dict(models=[NHITS(**NHITS_, **EXOG, scaler_type="standard")], freq="D", lengths=[30, 24], ids=["north", "south"],
                      times=dates("2023-12-20", "D"), exog=EXOG),
    "optimizer": dict(
        models=[NHITS(**NHITS_, optimizer=torch.optim.AdamW, optimizer_kwargs=dict(weight_decay=0.01, betas=(0.8, 0.99)),
                      lr_scheduler=torch.optim.lr_scheduler.CosineAnnealingLR, lr_scheduler_kwargs=dict(T_max=3),
                      gradient_clip_val=0.5)],
        freq="QE", lengths=[28], ids=["only"], times=dates("2015-03-31", "QE")),
    "local_scaler": dict(models=[NHITS(**NHITS_)], freq="W", lengths=[30, 28], ids=["x", "y"], times=dates("2022-01-02", "W"),
                         init=dict(local_scaler_type="standard")),
    "local_scaler_exogenous": dict(
        models=[NHITS(**NHITS_, **EXOG)], freq="D", lengths=[30, 24], ids=["north", "south"], times=dates("2023-12-20", "D"),
        exog=EXOG, init=dict(local_scaler_type="robust", local_static_scaler_type="minmax")),
    # Text, whole numbers, true and false; the future has categories that the training has not.
    "categories": dict(
        models=[NHITS(**NHITS_, **CATEGORIES, scaler_type="standard"),
                LSTM(**LSTM_, **CATEGORIES, cat_emb_dim=2, recurrent=True, h_train=2)],
        freq="D", lengths=[30, 24], ids=["north", "south"], times=dates("2023-12-20", "D"), exog=CATEGORIES,
        init=dict(local_scaler_type="standard", local_static_scaler_type="standard")),
    # One PReLU serves every layer of a block: its weight has several names and is stored once.
    "shared_weights": dict(models=[NHITS(**SHARED, mlp_units=[[5, 5], [5, 5]], activation="PReLU")], freq="15min", lengths=[24],
                           ids=["s"], times=dates("2024-03-01 08:15", "15min")),
    "quantiles_and_weights": dict(
        models=[NHITS(**NHITS_, loss=MQLoss(quantiles=[0.1, 0.5, 0.95], horizon_weight=torch.tensor([1.0, 2.0, 1.0, 0.5])),
                      valid_loss=MQLoss(quantiles=[0.1, 0.5, 0.95]), early_stop_patience_steps=2, val_check_steps=1,
                      start_padding_enabled=True, training_data_availability_threshold=[0.25, 0.5]),
                DLinear(**SHARED, moving_avg_window=5, scaler_type="revin", loss=MAE())],
        freq="B", lengths=[24, 24], ids=["p", "q"], times=dates("2024-05-01", "B"), fit=dict(val_size=5)),
    "implicit_quantiles": dict(
        models=[NHITS(**NHITS_, loss=IQLoss(cos_embedding_dim=8), scaler_type="robust"),
                LSTM(**LSTM_, recurrent=True, loss=HuberIQLoss(cos_embedding_dim=6, delta=0.5), valid_loss=HuberIQLoss(cos_embedding_dim=6)),
                DLinear(**SHARED, moving_avg_window=5, loss=IQLoss(cos_embedding_dim=5, concentration0=2.0))],
        freq="D", lengths=[24, 30], ids=["a", "b"], times=dates("2024-01-01", "D"), fit=dict(val_size=4),
        init=dict(local_scaler_type="standard"),
        asked=[dict(quantiles=[0.9, 0.5, 0.05, 0.9]), dict(level=[80, 95]), dict(quantiles=[0.25], h=8)]),
    "recurrent": dict(
        models=[GRU(**LSTM_, recurrent=True, h_train=2, scaler_type="standard"), RNN(**LSTM_, encoder_activation="relu"),
                DilatedRNN(**LSTM_, cell_type="ResLSTM", dilations=[[1, 2], [3]])],
        freq="D", lengths=[30, 24], ids=["north", "south"], times=dates("2023-12-20", "D")),
    "attention": dict(
        models=[TFT(**TFT_, **EXOG, loss=MQLoss(level=[80])), TFT(**TFT_, rnn_type="gru", grn_activation="GELU", alias="plain")],
        freq="D", lengths=[30, 24], ids=["north", "south"], times=dates("2023-12-20", "D"), exog=EXOG),
    # Fourier weights are complex, and layers share them; a table of positions is stored with its model.
    "transformers": dict(
        models=[Autoformer(**SHARED, hidden_size=6, n_head=2, conv_hidden_size=4, MovingAvg_window=3, scaler_type="standard"),
                FEDformer(**SHARED, hidden_size=8, conv_hidden_size=4, modes=2),
                Informer(**SHARED, hidden_size=4, n_head=2, conv_hidden_size=4)],
        freq="D", lengths=[30, 24], ids=["north", "south"], times=dates("2023-12-20", "D")),
    # Constants and positions that are not learned are stored too; upstream ignores some arguments.
    "patches": dict(
        models=[PatchTST(**PATCHTST_, revin_affine=True, fc_dropout=0.4, scaler_type="standard"),
                PatchTST(**PATCHTST_, learn_pos_embed=False, res_attention=False, batch_normalization=True, alias="pre_norm"),
                iTransformer(**SERIES_, futr_exog_list=["price", "holiday"], d_layers=3),
                TimeXer(**SERIES_, patch_len=3, hist_exog_list=["visits"], stat_exog_list=["size"], loss=MQLoss(level=[80]))],
        freq="D", lengths=[30, 24], ids=["north", "south"], times=dates("2023-12-20", "D"), exog=EXOG),
    # What upstream stores but never uses, among it tables of calendars; windows have one graph, or a season of their own.
    "series": dict(
        models=[SOFTS(**MIXED_, hidden_size=6, d_core=4, d_ff=5, scaler_type="standard"),
                SOFTSSharp(**MIXED_, hidden_size=4, d_core=3, d_ff=5, e_layers=1, pe_keep_prob=0.7),
                XLinear(**MIXED_, **EXOG, hidden_size=5, temporal_ff=4, channel_ff=4, loss=MQLoss(level=[80])),
                TimeMixer(**MIXED_, d_model=4, d_ff=3, e_layers=1, moving_avg=3, loss=MQLoss(level=[80])),
                TimeMixer(**MIXED_, d_model=4, d_ff=3, e_layers=1, decomp_method="dft_decomp", top_k=2, channel_independence=1,
                          decoder_input_size_multiplier=0.25, alias="frequencies"),
                StemGNN(**MIXED_, multi_layer=1, scaler_type="robust")],
        freq="D", lengths=[30, 24], ids=["north", "south"], times=dates("2023-12-20", "D"), exog=EXOG),
    # Grids are constants, and arguments that upstream drops are stored; a weight is stored that it never uses.
    "splines_and_wavelets": dict(
        models=[KAN(**SHARED, **EXOG, hidden_size=[5, 4], n_hidden_layers=2, scaler_type="standard"),
                KAN(**SHARED, hidden_size=4, grid_size=3, spline_order=2, grid_range=[-2, 1.5], scale_noise=0.3, grid_eps=0.5,
                    enable_standalone_scale_spline=False, loss=MQLoss(level=[80]), alias="quadratic"),
                RMoK(**MIXED_, scaler_type="robust"),
                RMoK(**MIXED_, wavelet_function="shannon", taylor_order=2, jacobi_degree=3, revin_affine=False, dropout=0.2,
                     loss=MQLoss(level=[80]), alias="shannon")],
        freq="D", lengths=[30, 24], ids=["north", "south"], times=dates("2023-12-20", "D"), exog=EXOG),
    # The series of a batch have the same periods, in forecasts too: three series in two batches.
    "periods": dict(
        models=[TimesNet(**SHARED, **FUTURE, hidden_size=6, conv_hidden_size=4, top_k=2, num_kernels=3, scaler_type="robust"),
                TimesNet(**SHARED, hidden_size=4, conv_hidden_size=3, top_k=4, num_kernels=2, encoder_layers=1, batch_size=2,
                         loss=MQLoss(level=[80]), alias="in_batches")],
        freq="D", lengths=[30, 24, 27], ids=["east", "north", "south"], times=dates("2023-12-20", "D"), exog=FUTURE),
    # Windows of a batch depend on each other: all models with this property, in batches that are smaller than the data.
    "coupled": dict(
        models=[TimesNet(**SHARED, hidden_size=4, conv_hidden_size=3, top_k=2, num_kernels=2, encoder_layers=1, learning_rate=0.01,
                         batch_size=2, inference_windows_batch_size=5),
                StemGNN(**dict(MIXED_, n_series=3), multi_layer=1, scaler_type="robust", inference_windows_batch_size=4),
                TimeMixer(**dict(MIXED_, n_series=3), d_model=4, d_ff=3, e_layers=1, decomp_method="dft_decomp", top_k=2, inference_windows_batch_size=4)],
        freq="D", lengths=[28, 28, 28], ids=["east", "north", "south"], times=dates("2023-12-20", "D"), insample_step=2),
    # Weights of the recurrence as upstream's CUDA code has them; an argument without effect.
    "extended_lstm": dict(
        models=[xLSTM(**SHARED, **EXOG, encoder_hidden_size=6, encoder_dropout=0.0, decoder_hidden_size=6, scaler_type="standard"),
                xLSTM(**SHARED, encoder_n_blocks=1, encoder_hidden_size=8, encoder_bias=False, encoder_dropout=0.0, decoder_layers=1,
                      backbone="sLSTM", recurrent=True, loss=MQLoss(level=[80]), alias="scalars")],
        freq="D", lengths=[30, 24], ids=["north", "south"], times=dates("2023-12-20", "D"), exog=EXOG),
    "distributions": dict(
        models=[DeepAR(**SHARED, lstm_hidden_size=6, scaler_type="standard", trajectory_samples=20_000,
                       loss=DistributionLoss("StudentT", level=[80], return_params=True)),
                NHITS(**NHITS_, loss=DistributionLoss("Normal", quantiles=[0.9, 0.2], num_samples=20_000, return_params=True))],
        freq="MS", lengths=[30, 26], ids=["a", "b"], times=dates("2019-03-01", "MS"), fit=dict(val_size=4)),
    "counts": dict(
        models=[NHITS(**NHITS_, scaler_type="standard",
                      loss=DistributionLoss("Poisson", level=[80], num_samples=20_000, return_params=True))],
        freq="MS", lengths=[30, 26], ids=["a", "b"], times=dates("2019-03-01", "MS"), fit=dict(val_size=4)),
    "mixtures": dict(
        models=[NHITS(**NHITS_, alias=loss.distribution if isinstance(loss, DistributionLoss) else type(loss).__name__,
                      scaler_type="standard", loss=loss) for loss in [
                    GMM(n_components=2, weighted=True, return_params=True, horizon_correlation=True, **SAMPLED),
                    PMM(n_components=3, batch_correlation=True, **SAMPLED),
                    NBMM(n_components=2, return_params=True, **SAMPLED),
                    DistributionLoss("NegativeBinomial", return_params=True, **SAMPLED),
                    DistributionLoss("Tweedie", rho=1.3, **SAMPLED),
                    DistributionLoss("ISQF", num_pieces=3, **SAMPLED)]],
        freq="MS", lengths=[30, 26], ids=["a", "b"], times=dates("2019-03-01", "MS"), fit=dict(val_size=4)),
    "without_dataset": dict(models=[NHITS(**NHITS_, scaler_type="robust")], freq="MS", lengths=[20, 17], ids=["u", "v"],
                            times=dates("2020-01-01", "MS"), save_dataset=False),
    # Forecasts over the night in which clocks go forward, and over the hour that they show twice.
    "berlin_days": dict(models=[DLinear(**SHARED, moving_avg_window=3)], freq="D", lengths=[24, 20], ids=["a", "b"],
                        times=dates("2024-03-07", "D", "Europe/Berlin")),
    "new_york_hours": dict(models=[DLinear(**SHARED, moving_avg_window=3)], freq="h", lengths=[24, 23], ids=["a", "b"],
                           times=dates("2024-11-02 02:00", "h", "America/New_York", unit="ns")),
    "fixed_offset_months": dict(models=[DLinear(**SHARED, moving_avg_window=3)], freq="MS", lengths=[20], ids=["a"],
                                times=dates("2022-03-01", "MS", "+05:30", unit="s")),
    "same_name_twice": dict(models=[DLinear(**SHARED, moving_avg_window=3), DLinear(**SHARED, moving_avg_window=5)], freq="D",
                            lengths=[20], ids=["s"], times=dates("2024-01-01", "D")),
}


def frame_json(frame: pd.DataFrame) -> dict:
    """Columns of a frame; times as text, or as they are when they are integers."""
    def column(values):
        return [str(v) for v in values] if values.dtype.kind == "M" else values.to_numpy()
    return {name: column(frame[name]) for name in frame.columns}


def interpretation(model) -> dict:
    """What upstream says that the last forecasts of a model were made of."""
    tables = model.feature_importances()
    weights = {"past": tables["Past variable importance over time"], "future": tables.get("Future variable importance over time"),
               "static": tables["Static covariates"].T if "Static covariates" in tables else None}
    named = {part: {"names": list(table.columns), "values": table.to_numpy()} for part, table in weights.items() if table is not None}
    return {**named, "attention": model.attention_weights(), "correlations": model.feature_importance_correlations().to_numpy()}


def insample(nf: NeuralForecast, step_size: int) -> dict:
    """Forecasts of the training data as in `predict_insample`, and so those of multivariate models, which it refuses."""
    def of(model, dataset):
        model.set_test_size(dataset.max_size)
        return model.predict(dataset, step_size=step_size)

    each = [TimeSeriesDataset(temporal=nf.dataset.temporal[begin:end], temporal_cols=nf.dataset.temporal_cols, indptr=np.array([0, end - begin]),
                              y_idx=nf.dataset.y_idx) for begin, end in zip(nf.dataset.indptr, nf.dataset.indptr[1:])]
    return {str(model): np.concatenate([of(model, dataset) for dataset in ([nf.dataset] if model.MULTIVARIATE else each)])[:, 0]
            for model in nf.models}


def says_the_same(new: Path, old: Path) -> bool:
    """Whether two files differ in nothing but the order of a safetensors header, which varies from run to run."""
    a, b = new.read_bytes(), old.read_bytes()
    if new.suffix != ".safetensors" or a == b:
        return a == b
    cut = [8 + int.from_bytes(data[:8], "little") for data in (a, b)]
    return json.loads(a[8 : cut[0]]) == json.loads(b[8 : cut[1]]) and a[cut[0] :] == b[cut[1] :]


def keep_or_replace(new: Path, old: Path) -> None:
    names = [sorted(f.name for f in folder.iterdir()) if folder.is_dir() else [] for folder in (new, old)]
    if names[0] == names[1] and all(says_the_same(new / name, old / name) for name in names[0]):
        return
    shutil.rmtree(old, ignore_errors=True)
    old.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(new, old)


def make_case(name, models, freq, lengths, ids, times, exog=None, init=None, fit=None, save_dataset=True, asked=(), insample_step=None) -> None:
    columns = {key.split("_")[0]: value for key, value in (exog or {}).items() if key.endswith("_exog_list")}
    h = models[0].h
    last = max(lengths) + h
    frame, static, future = seasonal_panel(lengths, ids, [times(last)] * len(ids), h=h, seed=name, **columns)
    nf = NeuralForecast(models=models, freq=freq, **(init or {}))
    nf.fit(frame, static_df=static, **(fit or {}))
    inputs = dict(futr_df=future)
    if not save_dataset:
        inputs.update(df=frame, static_df=static)
    fitted = nf.predict(**inputs)
    with tempfile.TemporaryDirectory() as folder:
        saved = Path(folder) / name
        nf.save(str(saved), save_dataset=save_dataset)
        again = NeuralForecast.load(str(saved))
        loaded = again.predict(**inputs)
        # Of the last batch, which here is all of them.
        interpretations = {str(model): interpretation(model) for model in again.models if hasattr(model, "feature_importances")}
        asked = [{"options": options, "forecast": frame_json(again.predict(**inputs, **options))} for options in asked]
        within = insample(again, insample_step) if insample_step else None
        if within:  # the windows of a batch are seen to depend on each other
            for model in again.models:
                model.inference_windows_batch_size = 1
            for column, alone in insample(again, insample_step).items():
                assert np.abs(alone - within[column]).max() > 1e-4 * np.abs(alone).max(), column
        keep_or_replace(saved, FIXTURES / "checkpoints" / name)
    # Loading sorts the models by file name, so the order of columns may change; a second model of one name is renamed.
    losses = {str(model): model.loss for model in nf.models if model.loss.is_distribution_output}
    sampled = [f"{model}{name}" for model, loss in losses.items() for name in loss.output_names if name not in loss.param_names]
    sampled = [column for column in sampled if column != "DeepAR"]  # its mean is that of the distribution
    # Upstream stores DeepAR's inference_input_size with the step that it adds, and adds one again when it loads: the
    # forecast of the loaded model looks one step too far back. Ours is the one from before saving.
    if any(isinstance(model, DeepAR) for model in nf.models):
        loaded = fitted
    for column in fitted.columns.intersection(loaded.columns)[2:].difference(sampled):
        np.testing.assert_array_equal(loaded[column].to_numpy(), fitted[column].to_numpy())
    write_json(f"checkpoints/{name}.expected.json", {
        "reference": "neuralforecast 3.3.0",
        "fittedColumns": list(fitted.columns),
        "loadedColumns": list(loaded.columns),
        "forecast": frame_json(loaded),
        **({"sampled": sampled} if sampled else {}),
        "future": None if future is None else frame_json(future),
        "data": None if save_dataset else frame_json(frame),
        **({"asked": asked} if asked else {}),
        **({"insample": {"stepSize": insample_step, "forecast": within}} if within else {}),
        **({"interpretations": interpretations} if interpretations else {}),
    })


def make(only: str | None = None) -> None:
    for name, case in CASES.items():
        if only in (None, name):
            make_case(name, **case)
