"""DLinear: which of its variants have fixtures. Format: `__init__.py`."""

from neuralforecast.losses.pytorch import Accuracy, HuberLoss, MAE, MQLoss, MSE, RMSE, sCRPS, SMAPE
from neuralforecast.models import DLinear

from . import SHORT

MODEL = DLinear

PLAIN = dict(h=4, input_size=12)

FORWARD = [
    (PLAIN, [
        ("plain", dict(moving_avg_window=7)),
        ("window_5", dict(moving_avg_window=5)),
        ("window_longer_than_input", dict(moving_avg_window=25, input_size=8)),
        ("mq", dict(moving_avg_window=7, loss=MQLoss(level=[80, 90]))),
    ]),
]

TRAINING = [
    ("dlinear_standard", dict(SHORT, moving_avg_window=7, scaler_type="standard")),
    ("dlinear_minmax_padded", dict(SHORT, moving_avg_window=5, scaler_type="minmax", start_padding_enabled=True)),
    ("dlinear_smape_valid_scrps", dict(SHORT, moving_avg_window=5, scaler_type="standard", loss=SMAPE(), valid_loss=sCRPS(level=[80]))),
    ("dlinear_mse_valid_rmse", dict(SHORT, moving_avg_window=5, scaler_type="standard", loss=MSE(), valid_loss=RMSE(),
                                    inference_windows_batch_size=5)),
    ("dlinear_huber_valid_mq", dict(SHORT, moving_avg_window=5, loss=HuberLoss(delta=2.0), valid_loss=MQLoss(quantiles=[0.1, 0.9]))),
    ("dlinear_mae_valid_accuracy", dict(SHORT, moving_avg_window=5, loss=MAE(), valid_loss=Accuracy())),
]
