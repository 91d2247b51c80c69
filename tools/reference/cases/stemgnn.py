"""StemGNN: which of its variants have fixtures. Format: `__init__.py`."""

import torch
from neuralforecast.losses.pytorch import MAE, MASE, MQLoss
from neuralforecast.models import StemGNN

from . import SHORT

MODEL = StemGNN

PLAIN = dict(h=4, input_size=5, n_series=3, multi_layer=2, dropout_rate=0.0, scaler_type="identity")

FORWARD = [
    (PLAIN, [
        ("plain", {}),
        ("mq", dict(loss=MQLoss(level=[80]))),
        ("mq_5", dict(n_series=5, loss=MQLoss(quantiles=[0.1, 0.5]))),
        ("one_unit", dict(multi_layer=1)),
        ("three_units", dict(multi_layer=3)),
        ("no_leak", dict(leaky_rate=0.0)),
        ("steep_leak", dict(leaky_rate=0.9)),
        ("two_series", dict(n_series=2)),
        ("one_series", dict(n_series=1)),
        ("one_step", dict(input_size=1)),
        ("h_1", dict(h=1)),
    ]),
]


def without_gradient(model, parameter: str) -> bool:
    """Whether the gradient of a parameter is 0 whatever the data are.

    The graph of a single series has no edges, so that blocks see nothing of their input.
    """
    spectrum = parameter.endswith(("GLUs.0.linear_left.weight", "GLUs.0.linear_right.weight",
                                   "GLUs.1.linear_left.weight", "GLUs.1.linear_right.weight"))
    return model.n_series == 1 and (spectrum or parameter.startswith(("weight_", "GRU.", "stock_block.0.backcast")))


# Windows that are validated together would share a graph.
VAL_SIZE = SHORT["h"]

TRAIN = dict(SHORT, n_series=3, multi_layer=1, dropout_rate=0.0, learning_rate=1e-3)
DESCENT = dict(optimizer=torch.optim.SGD, learning_rate=0.05)

TRAINING = [
    # Adam would make steps of the rounding errors of gradients that are nearly 0.
    # With some seeds, a forecast lies so near to its target that the sign of the loss depends on rounding.
    ("stemgnn_robust", dict(TRAIN, random_seed=4, **DESCENT)),
    ("stemgnn_5_mq", dict(TRAIN, n_series=5, scaler_type="standard", loss=MQLoss(level=[80]), **DESCENT), {}, {},
     [72, 60, 51, 66, 57]),
    ("stemgnn_mase", dict(TRAIN, scaler_type="identity", loss=MAE(), valid_loss=MASE(seasonality=6))),
]
