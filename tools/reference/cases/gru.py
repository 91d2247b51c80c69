"""GRU: which of its variants have fixtures. Format: `__init__.py`."""

from neuralforecast.losses.pytorch import MQLoss
from neuralforecast.models import GRU

from . import EXOG, EXOG_2, SHORT

MODEL = GRU

DIRECT = dict(h=3, input_size=7, encoder_hidden_size=10, decoder_hidden_size=8, scaler_type="identity")
RECURRENT = dict(DIRECT, recurrent=True, h=4)

FORWARD = [
    (DIRECT, [
        ("direct", {}),
        ("direct_upsample", dict(h=8, input_size=5)),
        ("direct_exog", EXOG),
        ("direct_exog_upsample", dict(h=8, input_size=5, **EXOG)),
        ("direct_mq", dict(loss=MQLoss(level=[80]))),
        ("direct_decoder_1", dict(decoder_layers=1)),
        ("direct_encoder_1_decoder_3", dict(encoder_n_layers=1, decoder_layers=3)),
        ("direct_encoder_3_no_bias", dict(encoder_n_layers=3, encoder_bias=False)),
        ("direct_gelu", dict(decoder_activation="GELU")),
    ]),
    (RECURRENT, [
        ("recurrent", dict(h_train=1)),
        ("recurrent_h_train_3", dict(h_train=3)),
        ("recurrent_exog", dict(h_train=2, **EXOG)),
        ("recurrent_mq", dict(h_train=2, loss=MQLoss(level=[80]))),
        ("recurrent_encoder_1_no_bias", dict(encoder_n_layers=1, encoder_bias=False)),
    ]),
]

TRAIN = dict(SHORT, encoder_hidden_size=8, decoder_hidden_size=8, learning_rate=1e-2)

TRAINING = [
    ("gru_direct", dict(TRAIN, scaler_type="robust")),
    ("gru_direct_exog", dict(TRAIN, scaler_type="standard", **EXOG_2, learning_rate=5e-3)),
    ("gru_recurrent", dict(TRAIN, scaler_type="standard", recurrent=True, h_train=2)),
    ("gru_recurrent_exog_mq", dict(TRAIN, scaler_type="robust", recurrent=True, h_train=3, loss=MQLoss(level=[80]), **EXOG_2)),
]
