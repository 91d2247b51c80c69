"""VanillaTransformer: which of its variants have fixtures. Format: `__init__.py`."""

from neuralforecast.losses.pytorch import MQLoss
from neuralforecast.models import VanillaTransformer

from . import SHORT

MODEL = VanillaTransformer

FUTR = dict(futr_exog_list=["f1", "f2"])
CATEGORIES = dict(futr_exog_list=["f1", "f2", "nf3"], cat_exog_list=["nf3", "f1"], categorical_cardinalities=dict(f1=3, nf3=4))

PLAIN = dict(h=4, input_size=9, hidden_size=8, n_head=2, conv_hidden_size=6, encoder_layers=1, dropout=0.0)

FORWARD = [
    (PLAIN, [
        ("plain", {}),
        ("relu", dict(activation="relu")),
        ("futr", FUTR),
        ("categories", CATEGORIES),
        ("mq", dict(loss=MQLoss(level=[80]))),
        ("two_layers", dict(encoder_layers=2, decoder_layers=2)),
        ("three_decoder_layers_exog_mq", dict(decoder_layers=3, loss=MQLoss(level=[80]), **FUTR)),
        ("no_encoder_layer", dict(encoder_layers=0)),
        ("one_known_step", dict(decoder_input_size_multiplier=0.1)),
        ("most_known_steps", dict(decoder_input_size_multiplier=0.8)),
        ("heads_that_do_not_divide", dict(hidden_size=10, n_head=3)),
        ("one_head", dict(n_head=1)),
        ("conv_hidden_by_default", dict(conv_hidden_size=0)),
        ("h_1", dict(h=1)),
        ("h_beyond_the_input", dict(h=11, input_size=3)),
    ]),
]

TRAIN = dict(SHORT, hidden_size=8, n_head=2, conv_hidden_size=6, dropout=0.0, learning_rate=1e-3)

TRAINING = [
    ("vanillatransformer_standard", dict(TRAIN, scaler_type="standard")),
    ("vanillatransformer_exog_mq", dict(TRAIN, scaler_type="robust", loss=MQLoss(level=[80]), activation="relu", **FUTR)),
]
