"""FEDformer: which of its variants have fixtures. Format: `__init__.py`."""

import torch
from neuralforecast.losses.pytorch import MSE, MQLoss
from neuralforecast.models import FEDformer

from . import SHORT
from .vanillatransformer import CATEGORIES, FUTR

MODEL = FEDformer

# The signs of MAE often cancel in a bias that all steps share.
PLAIN = dict(h=4, input_size=12, hidden_size=16, conv_hidden_size=6, encoder_layers=1, MovingAvg_window=5, dropout=0.0,
             loss=MSE())

FORWARD = [
    (PLAIN, [
        ("plain", {}),
        ("two_layers", dict(encoder_layers=2, decoder_layers=2)),
        ("few_random_modes", dict(modes=3, random_seed=7)),
        ("low", dict(mode_select="low")),
        ("few_low_modes", dict(modes=2, mode_select="low", encoder_layers=2)),
        ("odd_steps", dict(h=3, input_size=9)),
        ("longer_decoder", dict(decoder_input_size_multiplier=0.8, h=9)),
        ("futr", FUTR),
        ("categories", CATEGORIES),
        ("mq_relu", dict(loss=MQLoss(level=[80]), activation="relu")),
        ("heads_that_do_not_divide", dict(hidden_size=19)),
        ("conv_hidden_by_default", dict(conv_hidden_size=0)),
    ]),
]

# The gradients of Fourier weights are as small as rounding errors; Adam would make steps of these.
TRAIN = dict(SHORT, hidden_size=16, conv_hidden_size=6, MovingAvg_window=5, dropout=0.0, optimizer=torch.optim.SGD,
             learning_rate=0.05)

TRAINING = [
    ("fedformer_standard", dict(TRAIN, scaler_type="standard")),
    ("fedformer_low_exog_mq", dict(TRAIN, scaler_type="robust", modes=3, mode_select="low", loss=MQLoss(level=[80]), **FUTR)),
]
