"""NBEATSx: which of its variants have fixtures. Format: `__init__.py`."""

from neuralforecast.losses.pytorch import MQLoss
from neuralforecast.models import NBEATSx

from . import CATEGORIES, EXOG, EXOG_2, SHORT

MODEL = NBEATSx

PLAIN = dict(h=6, input_size=12, mlp_units=[[12, 10], [10, 8]])
EXOGENOUS = dict(stack_types=["identity", "exogenous"], n_blocks=[1, 2], mlp_units=[[8, 8]])

FORWARD = [
    (PLAIN, [
        ("plain", {}),
        ("exog", EXOG),
        ("categories", CATEGORIES),
        ("futr_exog", dict(futr_exog_list=["f1"])),
        ("hist_exog", dict(hist_exog_list=["x1", "x2"])),
        ("mq_exog", dict(loss=MQLoss(level=[80]), **EXOG)),
        ("polynomials_4_harmonics_1", dict(n_polynomials=4, n_harmonics=1)),
        ("shared_prelu", dict(n_blocks=[2, 2, 2], mlp_units=[[8, 8]], shared_weights=True, activation="PReLU", **EXOG)),
        ("h_1", dict(h=1, stack_types=["identity"], n_blocks=[2])),
        ("softplus", dict(activation="Softplus")),
        ("tanh", dict(activation="Tanh")),
        ("selu", dict(activation="SELU")),
        ("leaky_relu", dict(activation="LeakyReLU")),
        ("sigmoid", dict(activation="Sigmoid")),
    ]),
    (dict(PLAIN, **EXOGENOUS), [
        ("exogenous", EXOG),
        ("exogenous_categories", CATEGORIES),
        ("exogenous_futr", dict(futr_exog_list=["f1", "f2"])),
        ("exogenous_stat", dict(stat_exog_list=["s1", "s2"])),
        ("exogenous_mq", dict(loss=MQLoss(level=[80]), **EXOG)),
        ("exogenous_shared", dict(shared_weights=True, **EXOG)),
        ("exogenous_alone", dict(stack_types=["exogenous"], n_blocks=[2], **EXOG)),
    ]),
]

TRAIN = dict(SHORT, mlp_units=[[8, 8]], scaler_type="robust")

TRAINING = [
    ("nbeatsx_exog", dict(TRAIN, scaler_type="standard", **EXOG_2, learning_rate=2e-3)),
    ("nbeatsx_exogenous_mq", dict(TRAIN, stack_types=["trend", "seasonality", "exogenous"], loss=MQLoss(level=[80]),
                                  **EXOG_2, learning_rate=1e-3)),
]
