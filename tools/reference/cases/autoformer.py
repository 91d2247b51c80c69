"""Autoformer: which of its variants have fixtures. Format: `__init__.py`."""

from neuralforecast.losses.pytorch import MQLoss
from neuralforecast.models import Autoformer

from . import SHORT
from .vanillatransformer import CATEGORIES, FUTR

MODEL = Autoformer

PLAIN = dict(h=4, input_size=12, hidden_size=8, n_head=2, conv_hidden_size=6, encoder_layers=1, MovingAvg_window=5, dropout=0.0)

FORWARD = [
    (PLAIN, [
        ("plain", {}),
        ("two_layers", dict(encoder_layers=2, decoder_layers=2)),
        ("no_encoder_layer", dict(encoder_layers=0)),
        ("odd_steps", dict(h=3, input_size=9, factor=2)),
        ("short_decoder", dict(decoder_input_size_multiplier=0.2)),
        # Without columns known in advance, steps of the horizon are alike, and delays equally good.
        ("longer_than_the_encoder", dict(h=16, **FUTR)),
        ("futr", FUTR),
        ("categories", CATEGORIES),
        ("mq_relu", dict(loss=MQLoss(level=[80]), activation="relu", decoder_layers=2)),
        ("factor_1", dict(factor=1)),
        ("window_25", dict(MovingAvg_window=25)),
        ("window_3", dict(MovingAvg_window=3)),
        ("heads_that_do_not_divide", dict(hidden_size=7, n_head=3)),
        ("conv_hidden_by_default", dict(conv_hidden_size=0)),
    ]),
]

TRAIN = dict(SHORT, hidden_size=8, n_head=2, conv_hidden_size=6, MovingAvg_window=5, dropout=0.0, learning_rate=1e-3)

# Columns known in advance make delays differ.
TRAINING = [
    ("autoformer_exog_standard", dict(TRAIN, scaler_type="standard", encoder_layers=1, **FUTR)),
    ("autoformer_exog_mq", dict(TRAIN, scaler_type="robust", loss=MQLoss(level=[80]), **FUTR)),
]
