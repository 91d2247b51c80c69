"""Training fixtures: `core/tests/fixtures/training/<case>.safetensors`: 30 steps of upstream's own `NeuralForecast.fit`.

Initial weights, the data, the losses of every step, validation losses, final weights and the forecast, per row of `CASES`.
Reference: neuralforecast 3.3.0. Run: `python tools/reference/make.py training`. Format: README.md beside this file.
"""

import json

import numpy as np
import torch
from neuralforecast import NeuralForecast
from neuralforecast.losses.pytorch import (MAE, MAPE, MASE, MSE, RMSE, SMAPE, Accuracy, FreDF, HuberLoss, HuberMQLoss,
                                           HuberQLoss, MQLoss, QuantileLoss, TukeyLoss, sCRPS)
from neuralforecast.models import LSTM, NHITS, DLinear

from fixture import options_json, write_tensors
from panel import QUIET, seasonal_panel

STEPS, HORIZON, VAL_SIZE = 30, 6, 9
LENGTHS = [72, 60, 51]
EXOG = dict(futr_exog_list=["f1", "f2"], hist_exog_list=["x1", "x2"], stat_exog_list=["s1", "s2"])

SHARED = dict(h=HORIZON, input_size=12, max_steps=STEPS, val_check_steps=10, num_lr_decays=3, windows_batch_size=None,
              batch_size=8, learning_rate=5e-3)
NHITS_ = dict(SHARED, mlp_units=[[8, 8]], scaler_type="robust")
LSTM_ = dict(SHARED, encoder_hidden_size=8, decoder_hidden_size=8, learning_rate=2e-2)

CASES = [
    ("dlinear_standard", DLinear, dict(SHARED, moving_avg_window=7, scaler_type="standard")),
    ("dlinear_minmax_padded", DLinear, dict(SHARED, moving_avg_window=5, scaler_type="minmax", start_padding_enabled=True)),
    ("nhits_robust", NHITS, NHITS_),
    ("nhits_robust_mq", NHITS, dict(NHITS_, loss=MQLoss(level=[80]))),
    ("nhits_mq_valid_mq", NHITS, dict(NHITS_, loss=MQLoss(quantiles=[0.1, 0.5, 0.9]), valid_loss=MQLoss(quantiles=[0.1, 0.5, 0.9]),
                                      scaler_type="minmax1")),
    ("nhits_exog", NHITS, dict(NHITS_, **EXOG, learning_rate=2e-3)),
    ("nhits_exog_without_y", NHITS, dict(NHITS_, **EXOG, exclude_insample_y=True)),
    ("nhits_identity_step_3", NHITS, dict(NHITS_, scaler_type="identity", step_size=3, learning_rate=1e-3)),
    ("nhits_revin", NHITS, dict(NHITS_, scaler_type="revin")),
    ("nhits_invariant_threshold", NHITS, dict(NHITS_, scaler_type="invariant", training_data_availability_threshold=0.6)),
    ("nhits_horizon_weight", NHITS, dict(NHITS_, loss=MAE(horizon_weight=torch.tensor([1.0, 1.0, 2.0, 2.0, 0.5, 0.5])))),
    ("nhits_sgd_nesterov", NHITS, dict(NHITS_, optimizer=torch.optim.SGD, optimizer_kwargs=dict(momentum=0.9, nesterov=True))),
    ("nhits_rmsprop", NHITS, dict(NHITS_, optimizer=torch.optim.RMSprop, optimizer_kwargs=dict(momentum=0.5), learning_rate=1e-3)),
    ("nhits_adamw", NHITS, dict(NHITS_, optimizer=torch.optim.AdamW, optimizer_kwargs=dict(weight_decay=0.1))),
    ("nhits_adam_l2", NHITS, dict(NHITS_, optimizer=torch.optim.Adam, optimizer_kwargs=dict(weight_decay=0.1, betas=[0.8, 0.99], eps=1e-6))),
    ("nhits_gradient_clip", NHITS, dict(NHITS_, gradient_clip_val=0.5)),
    ("nhits_rmse", NHITS, dict(NHITS_, loss=RMSE())),
    ("nhits_mase", NHITS, dict(NHITS_, loss=MASE(seasonality=3))),
    ("nhits_fredf", NHITS, dict(NHITS_, loss=FreDF(alpha=0.3))),
    ("nhits_tukey", NHITS, dict(NHITS_, loss=TukeyLoss(c=2.0, normalize=False), learning_rate=1e-3)),
    ("nhits_ql", NHITS, dict(NHITS_, loss=QuantileLoss(q=0.9), valid_loss=SMAPE())),
    ("nhits_huber_q", NHITS, dict(NHITS_, loss=HuberQLoss(q=0.3, delta=0.5), valid_loss=MAPE())),
    ("nhits_huber_mq", NHITS, dict(NHITS_, loss=HuberMQLoss(level=[80], delta=0.5), valid_loss=MQLoss(level=[80]))),
    ("nhits_mape_valid_mase", NHITS, dict(NHITS_, loss=MAPE(), valid_loss=MASE(seasonality=6), inference_windows_batch_size=5)),
    ("dlinear_smape_valid_scrps", DLinear, dict(SHARED, moving_avg_window=5, scaler_type="standard", loss=SMAPE(), valid_loss=sCRPS(level=[80]))),
    ("dlinear_mse_valid_rmse", DLinear, dict(SHARED, moving_avg_window=5, scaler_type="standard", loss=MSE(), valid_loss=RMSE(),
                                             inference_windows_batch_size=5)),
    ("dlinear_huber_valid_mq", DLinear, dict(SHARED, moving_avg_window=5, loss=HuberLoss(delta=2.0), valid_loss=MQLoss(quantiles=[0.1, 0.9]))),
    ("dlinear_mae_valid_accuracy", DLinear, dict(SHARED, moving_avg_window=5, loss=MAE(), valid_loss=Accuracy())),
    ("nhits_gradient_clip_value", NHITS, dict(NHITS_, gradient_clip_val=0.02, gradient_clip_algorithm="value",
                                              optimizer=torch.optim.SGD, learning_rate=2e-2)),
    ("nhits_cosine", NHITS, dict(NHITS_, lr_scheduler=torch.optim.lr_scheduler.CosineAnnealingLR,
                                 lr_scheduler_kwargs=dict(T_max=20, eta_min=1e-4))),
    ("nhits_one_cycle", NHITS, dict(NHITS_, lr_scheduler=torch.optim.lr_scheduler.OneCycleLR,
                                    lr_scheduler_kwargs=dict(max_lr=1e-2, total_steps=STEPS))),
    ("nhits_one_cycle_sgd", NHITS, dict(NHITS_, optimizer=torch.optim.SGD, lr_scheduler=torch.optim.lr_scheduler.OneCycleLR,
                                        lr_scheduler_kwargs=dict(max_lr=5e-3, total_steps=40, three_phase=True))),
    # Gradients of three batches of one series each: the order of the series does not matter then. Validation is every
    # val_check_steps batches in Lightning, every valCheckSteps steps here.
    ("nhits_accumulate", NHITS, dict(NHITS_, batch_size=1, accumulate_grad_batches=3, val_check_steps=30), dict(val_check_steps=10)),
    # One batch is an epoch, and its last batch ends an accumulation.
    ("nhits_accumulate_short_epoch", NHITS, dict(NHITS_, accumulate_grad_batches=2, optimizer=torch.optim.SGD,
                                                 learning_rate=2e-2)),
    ("lstm_direct", LSTM, dict(LSTM_, scaler_type="robust")),
    ("lstm_direct_exog", LSTM, dict(LSTM_, scaler_type="standard", **EXOG, learning_rate=5e-3)),
    ("lstm_recurrent", LSTM, dict(LSTM_, scaler_type="standard", recurrent=True, h_train=2)),
    ("lstm_recurrent_fredf_valid_mase", LSTM, dict(LSTM_, scaler_type="standard", recurrent=True, h_train=2, loss=FreDF(),
                                                   valid_loss=MASE(seasonality=2))),
    ("lstm_recurrent_mase", LSTM, dict(LSTM_, scaler_type="standard", recurrent=True, h_train=2, loss=MASE(seasonality=2))),
    ("lstm_recurrent_exog_mq", LSTM, dict(LSTM_, scaler_type="robust", recurrent=True, h_train=3, loss=MQLoss(level=[80]), **EXOG)),
    ("nhits_local_standard", NHITS, dict(NHITS_, **EXOG, learning_rate=2e-3),
     {}, dict(local_scaler_type="standard", local_static_scaler_type="minmax")),
    ("nhits_local_boxcox", NHITS, dict(NHITS_, scaler_type="identity", learning_rate=1e-3, loss=MQLoss(level=[80])),
     {}, dict(local_scaler_type="boxcox")),
]


def make_case(name: str, model_class, kwargs: dict, differs: dict = {}, init: dict = {}) -> None:
    exog = {key.split("_")[0]: names for key, names in kwargs.items() if key.endswith("_exog_list")}
    times = [np.arange(length + HORIZON) for length in LENGTHS]
    ids = [f"series_{i}" for i in range(len(LENGTHS))]
    frame, static, future = seasonal_panel(LENGTHS, ids, times, h=HORIZON, seed="training", **exog)

    nf = NeuralForecast(models=[model_class(**kwargs, **QUIET)], freq=1, **init)
    model = nf.models[0]
    initial = {key: value.clone() for key, value in model.state_dict().items()}
    nf.fit(frame, static_df=static, val_size=VAL_SIZE)
    assert nf.models[0] is model and len({step for step, _ in model.train_trajectories}) == STEPS
    columns = nf.predict(futr_df=future).drop(columns=["unique_id", "ds"])
    val_steps, val_loss = zip(*model.valid_trajectories)

    tensors = {f"param.{key}": value for key, value in initial.items()}
    tensors.update({f"final.{key}": value for key, value in model.state_dict().items()})
    tensors["y"] = frame["y"].to_numpy()
    tensors["indptr"] = np.cumsum([0, *LENGTHS])
    for column in exog.get("futr", []):
        tensors[f"futr.{column}"] = np.concatenate([
            np.concatenate([frame.loc[frame.unique_id == i, column], future.loc[future.unique_id == i, column]]) for i in ids])
    tensors.update({f"hist.{column}": frame[column].to_numpy() for column in exog.get("hist", [])})
    tensors.update({f"stat.{column}": static[column].to_numpy() for column in exog.get("stat", [])})
    batches = [loss for _, loss in model.train_trajectories]
    tensors["train_loss"] = np.array(batches).reshape(STEPS, -1).mean(axis=1)
    tensors["val_loss"], tensors["val_steps"] = np.array(val_loss), np.array(val_steps)
    tensors["forecast"] = columns.to_numpy().reshape(len(LENGTHS), HORIZON, -1)
    write_tensors(f"training/{name}.safetensors", tensors, {
        "model": model_class.__name__,
        "options": options_json({**kwargs, **differs}),
        "val_size": str(VAL_SIZE),
        "columns": json.dumps(list(columns.columns)),
        **init,
        "note": "y, hist.* [sum of lengths]; futr.* h rows longer per series (indptr[i] + i*h); forecast [series, h, columns]; "
                "val_steps counts optimizer steps done: 0 is the trainer's check before the first step",
    })


def make() -> None:
    for case in CASES:
        make_case(*case)
