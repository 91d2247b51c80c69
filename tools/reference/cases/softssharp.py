"""SOFTSSharp: which of its variants have fixtures. Format: `__init__.py`."""

import torch
from neuralforecast.losses.pytorch import MQLoss
from neuralforecast.models import SOFTSSharp

from . import SHORT

MODEL = SOFTSSharp

PLAIN = dict(h=4, input_size=7, n_series=3, hidden_size=8, d_core=6, d_ff=10, e_layers=2, dropout=0.0, pe_keep_prob=1.0)

FORWARD = [
    (PLAIN, [
        ("plain", {}),
        ("mq_5", dict(n_series=5, loss=MQLoss(level=[80]))),
        ("no_norm", dict(use_norm=False)),
        ("large_core", dict(d_core=21)),
        ("one_layer", dict(e_layers=1)),
        ("no_layer", dict(e_layers=0)),
        ("d_ff_by_default", dict(d_ff=0)),
        ("a_single_series", dict(n_series=1)),
        # Of the two layers, the first adds no positions here.
        ("positions_of_some_layers", dict(pe_keep_prob=0.4)),
        ("without_positions", dict(pe_keep_prob=0.0)),
    ]),
]


def without_gradient(model, parameter: str) -> bool:
    """Whether the gradient of a parameter is 0 whatever the data are: the scale of positions that a layer leaves out."""
    left_out = {0.4: ["encoder.attn_layers.0.attention.pe_scale"]}.get(model.pe_keep_prob, [])
    return parameter in left_out or (model.pe_keep_prob == 0 and parameter.endswith(".pe_scale"))


TRAIN = dict(SHORT, n_series=3, hidden_size=8, d_core=6, d_ff=10, e_layers=2, dropout=0.0, learning_rate=1e-3)

TRAINING = [
    ("softssharp_identity", dict(TRAIN, pe_keep_prob=1.0)),
    # Adam would move the scale of positions that no step adds, which upstream leaves alone.
    ("softssharp_5_mq", dict(TRAIN, n_series=5, scaler_type="robust", loss=MQLoss(level=[80]), use_norm=False,
                             optimizer=torch.optim.SGD, learning_rate=0.05), {}, {}, [72, 60, 51, 66, 57]),
]
