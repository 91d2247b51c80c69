"""DeepNPTS: which of its variants have fixtures. Format: `__init__.py`."""

from neuralforecast.losses.pytorch import MSE, RMSE
from neuralforecast.models import DeepNPTS

from . import CATEGORIES, EXOG, EXOG_2, SHORT

MODEL = DeepNPTS

PLAIN = dict(h=4, input_size=7, hidden_size=9, dropout=0.0)

FORWARD = [
    (PLAIN, [
        ("plain", {}),
        ("exog", EXOG),
        ("categories", CATEGORIES),
        ("futr_exog", dict(futr_exog_list=["f1"])),
        ("hist_exog", dict(hist_exog_list=["x1", "x2"])),
        ("stat_exog", dict(stat_exog_list=["s1"])),
        ("one_layer", dict(n_layers=1)),
        ("three_layers", dict(n_layers=3)),
        ("without_batch_norm", dict(batch_norm=False)),
        ("without_batch_norm_exog", dict(batch_norm=False, n_layers=3, **EXOG)),
        ("mse", dict(loss=MSE())),
    ]),
]

TRAIN = dict(SHORT, hidden_size=8, dropout=0.0)

TRAINING = [
    ("deepnpts_standard", dict(TRAIN, scaler_type="standard")),
    ("deepnpts_robust_exog", dict(TRAIN, scaler_type="robust", **EXOG_2, learning_rate=2e-3)),
    ("deepnpts_without_batch_norm", dict(TRAIN, batch_norm=False, loss=MSE(), valid_loss=RMSE())),
    # Statistics move with every batch, gradients are of three.
    ("deepnpts_accumulate", dict(TRAIN, batch_size=1, accumulate_grad_batches=3, val_check_steps=30), dict(val_check_steps=10)),
]
