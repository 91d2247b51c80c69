"""XLinear: which of its variants have fixtures. Format: `__init__.py`."""

from neuralforecast.losses.pytorch import MAE, MASE, MQLoss
from neuralforecast.models import XLinear

from . import CATEGORIES, EXOG, EXOG_2, SHORT

MODEL = XLinear

PLAIN = dict(h=4, input_size=7, n_series=3, hidden_size=8, temporal_ff=10, channel_ff=6)

FORWARD = [
    (PLAIN, [
        ("plain", {}),
        ("exog", EXOG),
        ("categories", CATEGORIES),
        ("futr_exog", dict(futr_exog_list=["f1"])),
        ("hist_exog", dict(hist_exog_list=["x1", "x2"])),
        ("static", dict(stat_exog_list=["s1", "s2"])),
        ("exog_without_y", dict(exclude_insample_y=True, **EXOG)),
        ("mq", dict(loss=MQLoss(level=[80]))),
        ("mq_exog_5", dict(n_series=5, loss=MQLoss(quantiles=[0.1, 0.5]), **EXOG)),
        ("no_norm", dict(use_norm=False)),
        ("no_norm_exog_mq", dict(use_norm=False, loss=MQLoss(level=[80]), **EXOG)),
        ("narrow_gates", dict(temporal_ff=1, channel_ff=1)),
        ("wide_gate", dict(temporal_ff=37, hidden_size=5)),
        ("one_series", dict(n_series=1, **EXOG)),
        ("h_1", dict(h=1)),
    ]),
]


def without_gradient(model, parameter: str) -> bool:
    """Whether the gradient of a parameter is 0 whatever the data are: a target that is left out is 0."""
    return parameter == "projection.0.weight" and model.exclude_insample_y


TRAIN = dict(SHORT, n_series=3, hidden_size=8, temporal_ff=10, channel_ff=6, learning_rate=1e-3)

TRAINING = [
    ("xlinear_identity", TRAIN),
    # With some seeds, a forecast lies so near to its target that the sign of the loss depends on rounding.
    ("xlinear_exog_standard", dict(TRAIN, scaler_type="standard", use_norm=False, random_seed=7, **EXOG_2)),
    ("xlinear_5_mq", dict(TRAIN, n_series=5, scaler_type="robust", loss=MQLoss(level=[80])), {}, {}, [72, 60, 51, 66, 57]),
    ("xlinear_mase", dict(TRAIN, loss=MAE(), valid_loss=MASE(seasonality=6))),
]
