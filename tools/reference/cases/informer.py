"""Informer: which of its variants have fixtures. Format: `__init__.py`."""

import torch
from neuralforecast.losses.pytorch import MQLoss
from neuralforecast.models import Informer

from . import SHORT
from .vanillatransformer import CATEGORIES, FUTR

MODEL = Informer

# Of 9 steps all attend; of 12 and more, some of them.
PLAIN = dict(h=4, input_size=9, hidden_size=8, n_head=2, conv_hidden_size=6, encoder_layers=2, dropout=0.0)
SPARSE = dict(PLAIN, h=8, input_size=16, encoder_layers=1)

FORWARD = [
    (PLAIN, [
        ("plain", {}),
        ("without_distilling", dict(distil=False)),
        ("one_layer", dict(encoder_layers=1)),
        ("three_layers", dict(encoder_layers=3, decoder_layers=2)),
        ("futr", FUTR),
        ("categories", CATEGORIES),
        ("mq_relu", dict(loss=MQLoss(level=[80]), activation="relu")),
        ("heads_that_do_not_divide", dict(hidden_size=10, n_head=3)),
        ("conv_hidden_by_default", dict(conv_hidden_size=0)),
        ("shortest", dict(h=1, input_size=2, encoder_layers=1)),
    ]),
    (SPARSE, [
        ("sparse", {}),
        ("sparse_factor_1_mq", dict(factor=1, decoder_layers=2, loss=MQLoss(level=[80]))),
        ("sparse_distilled", dict(factor=2, encoder_layers=2, **FUTR)),
        ("sparse_without_distilling", dict(factor=1, encoder_layers=2, distil=False, decoder_input_size_multiplier=0.9)),
    ]),
]

# Adam would make steps of the rounding errors that are gradients of 0, and so change which queries are chosen.
TRAIN = dict(SHORT, hidden_size=8, n_head=2, conv_hidden_size=6, dropout=0.0, optimizer=torch.optim.SGD, learning_rate=0.05)

TRAINING = [
    # With this factor, all queries attend: which ones are chosen depends on rounding.
    ("informer_standard", dict(TRAIN, factor=5, scaler_type="standard")),
    ("informer_sparse_exog_mq", dict(TRAIN, factor=1, scaler_type="robust", loss=MQLoss(level=[80]), distil=False, **FUTR)),
]
