"""TimesNet: which of its variants have fixtures. Format: `__init__.py`."""

from neuralforecast.losses.pytorch import MQLoss
from neuralforecast.models import TimesNet

from . import SHORT

MODEL = TimesNet

FUTR = dict(futr_exog_list=["f1", "f2"])
CATEGORIES = dict(futr_exog_list=["f1", "f2", "nf3"], cat_exog_list=["nf3", "f1"], categorical_cardinalities=dict(f1=3, nf3=4))

PLAIN = dict(h=4, input_size=10, hidden_size=6, conv_hidden_size=4, top_k=2, num_kernels=2, encoder_layers=2, dropout=0.0)

FORWARD = [
    (PLAIN, [
        ("plain", {}),
        ("futr", FUTR),
        ("categories", CATEGORIES),
        ("without_y", dict(exclude_insample_y=True, **FUTR)),
        ("mq", dict(loss=MQLoss(level=[80]))),
        ("mq_futr", dict(loss=MQLoss(quantiles=[0.1, 0.5]), **FUTR)),
        ("one_period", dict(top_k=1)),
        # Several frequencies have the same period, and all that there are are taken.
        ("all_periods", dict(top_k=7)),
        ("odd_steps", dict(h=4, input_size=13, top_k=4)),
        # Rows and columns of a grid are fewer than those of the largest kernel.
        ("kernels_that_leave_the_grid", dict(num_kernels=5, encoder_layers=1)),
        ("one_kernel", dict(num_kernels=1)),
        ("narrow_convolution", dict(conv_hidden_size=1, num_kernels=3)),
        ("wide_convolution", dict(conv_hidden_size=17, encoder_layers=1)),
        ("hidden_4", dict(hidden_size=4)),
        ("one_layer", dict(encoder_layers=1)),
        ("three_layers", dict(encoder_layers=3)),
        ("no_layer", dict(encoder_layers=0)),
        ("longer_horizon", dict(h=13, input_size=5, top_k=3)),
        ("h_1", dict(h=1)),
    ]),
]


def without_gradient(model, parameter: str) -> bool:
    """Whether the gradient of a parameter is 0 whatever the data are: a target that is left out is 0."""
    return parameter == "enc_embedding.value_embedding.tokenConv.weight" and model.exclude_insample_y


TRAIN = dict(SHORT, hidden_size=6, conv_hidden_size=4, top_k=3, num_kernels=2, encoder_layers=2, dropout=0.0, learning_rate=1e-3)

TRAINING = [
    ("timesnet_standard", dict(TRAIN, scaler_type="standard")),
    ("timesnet_futr_mq", dict(TRAIN, scaler_type="robust", loss=MQLoss(level=[80]), **FUTR)),
]
