"""MLPMultivariate: which of its variants have fixtures. Format: `__init__.py`."""

import torch
from neuralforecast.losses.pytorch import MAE, MASE, MQLoss, MSE, RMSE, FreDF, TukeyLoss
from neuralforecast.models import MLPMultivariate

from . import CATEGORIES, EXOG, EXOG_2, SHORT

MODEL = MLPMultivariate

PLAIN = dict(h=4, input_size=7, n_series=3, hidden_size=9)

FORWARD = [
    (PLAIN, [
        ("plain", {}),
        ("exog", EXOG),
        ("categories", CATEGORIES),
        ("futr_exog", dict(futr_exog_list=["f1"])),
        ("hist_exog", dict(hist_exog_list=["x1", "x2", "x3"])),
        ("stat_exog", dict(stat_exog_list=["s1", "s2"])),
        ("mq", dict(loss=MQLoss(level=[80]))),
        ("mq_exog_5", dict(n_series=5, loss=MQLoss(quantiles=[0.1, 0.5]), **EXOG)),
        ("layers_1", dict(num_layers=1)),
        ("layers_3", dict(num_layers=3)),
        ("one_series", dict(n_series=1, **EXOG)),
        ("horizon_weight", dict(loss=MSE(horizon_weight=torch.tensor([1.0, 2.0, 0.5, 0.0])))),
        ("fredf", dict(loss=FreDF(alpha=0.3))),
        ("tukey", dict(loss=TukeyLoss())),
    ]),
]

TRAIN = dict(SHORT, n_series=3, hidden_size=8, learning_rate=2e-3)

TRAINING = [
    ("mlpmultivariate_standard", dict(TRAIN, scaler_type="standard")),
    ("mlpmultivariate_exog", dict(TRAIN, scaler_type="robust", **EXOG_2)),
    ("mlpmultivariate_5_mq", dict(TRAIN, n_series=5, scaler_type="minmax", loss=MQLoss(level=[80]), inference_windows_batch_size=2),
     {}, {}, [72, 60, 51, 66, 57]),
    ("mlpmultivariate_mase_valid_mase", dict(TRAIN, scaler_type="standard", loss=MASE(seasonality=3), valid_loss=MASE(seasonality=6))),
    ("mlpmultivariate_rmse_valid_tukey", dict(TRAIN, scaler_type="robust", loss=RMSE(), valid_loss=TukeyLoss())),
    ("mlpmultivariate_padded_threshold_revin", dict(TRAIN, scaler_type="revin", loss=MAE(), start_padding_enabled=True, step_size=2,
                                                    training_data_availability_threshold=0.6)),
    ("mlpmultivariate_tukey", dict(TRAIN, scaler_type="standard", loss=TukeyLoss(c=3.0), valid_loss=MAE())),
]
