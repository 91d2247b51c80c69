"""TiDE: which of its variants have fixtures. Format: `__init__.py`."""

from neuralforecast.losses.pytorch import MQLoss
from neuralforecast.models import TiDE

from . import CATEGORIES, EXOG, EXOG_2, SHORT

MODEL = TiDE

PLAIN = dict(h=4, input_size=9, hidden_size=10, decoder_output_dim=5, temporal_decoder_dim=7, temporal_width=3, dropout=0.0)

FORWARD = [
    # With layer normalisation and one output, no gradient goes beyond the last norm: see the training of it.
    (dict(PLAIN, layernorm=False), [
        ("plain", {}),
        ("exog", EXOG),
        ("categories", CATEGORIES),
        ("futr_exog", dict(futr_exog_list=["f1"])),
        ("hist_exog", dict(hist_exog_list=["x1", "x2", "x3"])),
        ("stat_exog", dict(stat_exog_list=["s1", "s2"])),
        ("mq", dict(loss=MQLoss(level=[80]))),
        ("encoder_2_decoder_3", dict(num_encoder_layers=2, num_decoder_layers=3)),
        ("width_1", dict(temporal_width=1, **EXOG)),
        ("h_1", dict(h=1)),
    ]),
    (dict(PLAIN, loss=MQLoss(level=[80])), [
        ("layernorm_mq", {}),
        ("layernorm_mq_exog", EXOG),
        ("layernorm_mq_futr", dict(futr_exog_list=["f1", "f2"])),
        ("layernorm_mq_deep", dict(num_encoder_layers=2, num_decoder_layers=2, **EXOG)),
    ]),
]

TRAIN = dict(SHORT, hidden_size=8, decoder_output_dim=4, temporal_decoder_dim=6, temporal_width=2, dropout=0.0)

TRAINING = [
    ("tide_layernorm", dict(TRAIN, scaler_type="standard")),
    ("tide_exog", dict(TRAIN, layernorm=False, scaler_type="standard", **EXOG_2, learning_rate=1e-3)),
    # Layer normalisation of two numbers is nearly their sign, and training chaotic: so four.
    ("tide_layernorm_mq", dict(TRAIN, temporal_width=4, loss=MQLoss(level=[80]), scaler_type="robust", futr_exog_list=["f1"],
                               learning_rate=1e-3)),
]
