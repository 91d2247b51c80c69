"""NHITS: which of its variants have fixtures. Format: `__init__.py`."""

import numpy as np
import torch
from neuralforecast.losses.pytorch import (MAE, MAPE, MASE, MSE, RMSE, SMAPE, FreDF, HuberIQLoss, HuberLoss, HuberMQLoss,
                                           HuberQLoss, IQLoss, MQLoss, QuantileLoss, TukeyLoss, DistributionLoss)
from neuralforecast.models import NHITS

from . import CATEGORIES, EXOG, EXOG_2, LENGTHS, ONE_SERIES, ONLY_CATEGORIES, SHORT, STEPS

MODEL = NHITS

PLAIN = dict(h=6, input_size=12, mlp_units=[[12, 10], [10, 12]])

FORWARD = [
    (PLAIN, [
        ("plain", {}),
        ("exog", EXOG),
        ("futr_exog", dict(futr_exog_list=["f1"])),
        ("hist_exog", dict(hist_exog_list=["x1", "x2", "x3"])),
        ("stat_exog", dict(stat_exog_list=["s1", "s2"])),
        ("categories", CATEGORIES),
        ("categories_sqrt", dict(ONLY_CATEGORIES, cat_emb_dim="sqrt")),
        ("categories_half", dict(CATEGORIES, cat_emb_dim="half")),
        ("categories_3_mq", dict(CATEGORIES, cat_emb_dim=3, loss=MQLoss(level=[80]))),
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
        ("normal", dict(loss=DistributionLoss("Normal", level=[80, 95]))),
        ("student_t_weighted", dict(loss=DistributionLoss("StudentT", quantiles=[0.9, 0.2], return_params=True,
                                                          horizon_weight=torch.tensor([1.0, 2.0, 1.0, 0.5, 0.0, 3.0])), **EXOG)),
        ("poisson", dict(loss=DistributionLoss("Poisson", level=[80, 95]))),
        ("bernoulli_weighted", dict(loss=DistributionLoss("Bernoulli", quantiles=[0.9, 0.2], return_params=True,
                                                          horizon_weight=torch.tensor([1.0, 2.0, 1.0, 0.5, 0.0, 3.0])), **EXOG)),
        ("iq", dict(loss=IQLoss())),
        ("iq_exog", dict(loss=IQLoss(cos_embedding_dim=9), **EXOG)),
        ("huber_iq", dict(loss=HuberIQLoss(cos_embedding_dim=8, concentration0=2.0, concentration1=0.5, delta=0.5))),
    ]),
]

TRAIN = dict(SHORT, mlp_units=[[8, 8]], scaler_type="robust")

PARAMS = dict(level=[80], return_params=True, num_samples=20_000)

TRAINING = [
    ("nhits_normal", dict(TRAIN, loss=DistributionLoss("Normal", **PARAMS))),
    ("nhits_student_t_minmax1", dict(TRAIN, loss=DistributionLoss("StudentT", **PARAMS), scaler_type="minmax1", valid_loss=RMSE(),
                                    learning_rate=1e-3)),
    ("nhits_normal_weighted", dict(TRAIN, loss=DistributionLoss(
        "Normal", horizon_weight=torch.tensor([1.0, 1.0, 2.0, 2.0, 0.5, 0.5]), **PARAMS))),
    ("nhits_normal_identity", dict(TRAIN, loss=DistributionLoss("Normal", **PARAMS), scaler_type="identity")),
    ("nhits_poisson_identity", dict(TRAIN, loss=DistributionLoss("Poisson", **PARAMS), scaler_type="identity"),
     {}, {}, LENGTHS, None, np.round),
    ("nhits_poisson", dict(TRAIN, loss=DistributionLoss("Poisson", **PARAMS)), {}, {}, LENGTHS, None, np.round),
    ("nhits_bernoulli", dict(TRAIN, loss=DistributionLoss("Bernoulli", **PARAMS), scaler_type="identity"), {}, {}, LENGTHS, None,
     lambda y: (y > np.median(y)).astype(float)),
    ("nhits_robust", TRAIN),
    ("nhits_robust_mq", dict(TRAIN, loss=MQLoss(level=[80]))),
    ("nhits_mq_valid_mq", dict(TRAIN, loss=MQLoss(quantiles=[0.1, 0.5, 0.9]), valid_loss=MQLoss(quantiles=[0.1, 0.5, 0.9]),
                               scaler_type="minmax1")),
    ("nhits_exog", dict(TRAIN, **EXOG_2, learning_rate=2e-3)),
    ("nhits_categories", dict(TRAIN, **CATEGORIES, learning_rate=2e-3)),
    ("nhits_categories_local", dict(TRAIN, **CATEGORIES, cat_emb_dim="half", scaler_type="revin", learning_rate=2e-3),
     {}, dict(local_scaler_type="standard", local_static_scaler_type="minmax")),
    ("nhits_exog_without_y", dict(TRAIN, **EXOG_2, exclude_insample_y=True)),
    ("nhits_identity_step_3", dict(TRAIN, scaler_type="identity", step_size=3, learning_rate=1e-3)),
    ("nhits_revin", dict(TRAIN, scaler_type="revin")),
    ("nhits_invariant_threshold", dict(TRAIN, scaler_type="invariant", training_data_availability_threshold=0.6)),
    ("nhits_horizon_weight", dict(TRAIN, loss=MAE(horizon_weight=torch.tensor([1.0, 1.0, 2.0, 2.0, 0.5, 0.5])))),
    ("nhits_sgd_nesterov", dict(TRAIN, optimizer=torch.optim.SGD, optimizer_kwargs=dict(momentum=0.9, nesterov=True))),
    ("nhits_rmsprop", dict(TRAIN, optimizer=torch.optim.RMSprop, optimizer_kwargs=dict(momentum=0.5), learning_rate=1e-3)),
    ("nhits_adamw", dict(TRAIN, optimizer=torch.optim.AdamW, optimizer_kwargs=dict(weight_decay=0.1))),
    ("nhits_adam_l2", dict(TRAIN, optimizer=torch.optim.Adam, optimizer_kwargs=dict(weight_decay=0.1, betas=[0.8, 0.99], eps=1e-6))),
    ("nhits_gradient_clip", dict(TRAIN, gradient_clip_val=0.5)),
    ("nhits_rmse", dict(TRAIN, loss=RMSE())),
    ("nhits_mase", dict(TRAIN, loss=MASE(seasonality=3))),
    ("nhits_fredf", dict(TRAIN, loss=FreDF(alpha=0.3))),
    ("nhits_tukey", dict(TRAIN, loss=TukeyLoss(c=2.0, normalize=False), learning_rate=1e-3)),
    ("nhits_ql", dict(TRAIN, loss=QuantileLoss(q=0.9), valid_loss=SMAPE())),
    ("nhits_huber_q", dict(TRAIN, loss=HuberQLoss(q=0.3, delta=0.5), valid_loss=MAPE())),
    ("nhits_huber_mq", dict(TRAIN, loss=HuberMQLoss(level=[80], delta=0.5), valid_loss=MQLoss(level=[80]))),
    ("nhits_mape_valid_mase", dict(TRAIN, loss=MAPE(), valid_loss=MASE(seasonality=6), inference_windows_batch_size=5)),
    ("nhits_gradient_clip_value", dict(TRAIN, gradient_clip_val=0.02, gradient_clip_algorithm="value",
                                       optimizer=torch.optim.SGD, learning_rate=2e-2)),
    ("nhits_cosine", dict(TRAIN, lr_scheduler=torch.optim.lr_scheduler.CosineAnnealingLR,
                          lr_scheduler_kwargs=dict(T_max=20, eta_min=1e-4))),
    ("nhits_one_cycle", dict(TRAIN, lr_scheduler=torch.optim.lr_scheduler.OneCycleLR,
                             lr_scheduler_kwargs=dict(max_lr=1e-2, total_steps=STEPS))),
    ("nhits_one_cycle_sgd", dict(TRAIN, optimizer=torch.optim.SGD, lr_scheduler=torch.optim.lr_scheduler.OneCycleLR,
                                 lr_scheduler_kwargs=dict(max_lr=5e-3, total_steps=40, three_phase=True))),
    # Gradients of three batches of one series each: the order of the series does not matter then. Validation is every
    # val_check_steps batches in Lightning, every valCheckSteps steps here.
    ("nhits_accumulate", dict(TRAIN, batch_size=1, accumulate_grad_batches=3, val_check_steps=30), dict(val_check_steps=10)),
    # One batch is an epoch, and its last batch ends an accumulation.
    ("nhits_accumulate_short_epoch", dict(TRAIN, accumulate_grad_batches=2, optimizer=torch.optim.SGD,
                                          learning_rate=2e-2)),
    # One series: its windows are in the order of time in both trainers, and each is trained at the quantiles of its place.
    ("nhits_iq", dict(TRAIN, loss=IQLoss(cos_embedding_dim=12), learning_rate=2e-3), {}, {}, ONE_SERIES),
    ("nhits_huber_iq", dict(TRAIN, loss=HuberIQLoss(cos_embedding_dim=8, delta=0.5), learning_rate=2e-3), {}, {}, ONE_SERIES),
    # Stopped early; the last weights are kept, as upstream keeps them.
    *[(f"nhits_stops_by_{monitor}", dict(TRAIN, optimizer=torch.optim.SGD, optimizer_kwargs=dict(momentum=0.95), activation="Tanh",
                                         learning_rate=5e-2, early_stop_patience_steps=1, val_check_steps=2, val_monitor=monitor),
       dict(restore_best=False)) for monitor in ("train_loss", "valid_loss")],
    # Weights of rows: by series, as a series' own weight is; then also by time.
    ("nhits_series_weights", TRAIN, {}, {}, LENGTHS, lambda series, t: [2.0, 0.0, 0.5][series]),
    ("nhits_row_weights", dict(TRAIN, loss=MQLoss(level=[80]), learning_rate=2e-3), {}, {}, LENGTHS,
     lambda series, t: (1.0 + series) * [0.25, 1.0, 3.0][t % 3]),
    ("nhits_local_standard", dict(TRAIN, **EXOG_2, learning_rate=2e-3),
     {}, dict(local_scaler_type="standard", local_static_scaler_type="minmax")),
    ("nhits_local_boxcox", dict(TRAIN, scaler_type="identity", learning_rate=1e-3, loss=MQLoss(level=[80])),
     {}, dict(local_scaler_type="boxcox")),
]
