"""LSTM: which of its variants have fixtures. Format: `__init__.py`."""

from neuralforecast.losses.pytorch import FreDF, IQLoss, MASE, MQLoss
from neuralforecast.models import LSTM

from . import EXOG, EXOG_2, LENGTHS, ONE_SERIES, SHORT

MODEL = LSTM

DIRECT = dict(h=3, input_size=7, encoder_hidden_size=10, decoder_hidden_size=8, scaler_type="identity")
RECURRENT = dict(DIRECT, recurrent=True, h=4)

FORWARD = [
    (DIRECT, [
        ("direct", {}),
        ("direct_upsample", dict(h=8, input_size=5)),
        ("direct_h_equals_input", dict(h=6, input_size=6)),
        ("direct_exog", EXOG),
        ("direct_exog_upsample", dict(h=8, input_size=5, **EXOG)),
        ("direct_mq", dict(loss=MQLoss(level=[80]))),
        ("direct_decoder_1", dict(decoder_layers=1)),
        ("direct_decoder_3", dict(decoder_layers=3)),
        ("direct_encoder_1", dict(encoder_n_layers=1)),
        ("direct_encoder_3", dict(encoder_n_layers=3)),
        ("direct_no_bias", dict(encoder_bias=False)),
        ("direct_gelu", dict(decoder_activation="GELU")),
        ("direct_tanh", dict(decoder_activation="Tanh")),
        ("direct_hardswish", dict(decoder_activation="Hardswish")),
        ("direct_log_sigmoid", dict(decoder_activation="LogSigmoid")),
    ]),
    (RECURRENT, [
        ("recurrent", dict(h_train=1)),
        ("recurrent_h_train_3", dict(h_train=3)),
        ("recurrent_exog", dict(h_train=2, **EXOG)),
        ("recurrent_mq", dict(h_train=2, loss=MQLoss(level=[80]))),
        ("recurrent_iq", dict(h_train=2, loss=IQLoss(cos_embedding_dim=8))),
        ("recurrent_encoder_1_no_bias", dict(encoder_n_layers=1, encoder_bias=False)),
    ]),
]

TRAIN = dict(SHORT, encoder_hidden_size=8, decoder_hidden_size=8, learning_rate=2e-2)

TRAINING = [
    ("lstm_direct", dict(TRAIN, scaler_type="robust")),
    ("lstm_direct_exog", dict(TRAIN, scaler_type="standard", **EXOG_2, learning_rate=5e-3)),
    ("lstm_recurrent", dict(TRAIN, scaler_type="standard", recurrent=True, h_train=2)),
    ("lstm_recurrent_fredf_valid_mase", dict(TRAIN, scaler_type="standard", recurrent=True, h_train=2, loss=FreDF(),
                                             valid_loss=MASE(seasonality=2))),
    ("lstm_recurrent_mase", dict(TRAIN, scaler_type="standard", recurrent=True, h_train=2, loss=MASE(seasonality=2))),
    ("lstm_recurrent_exog_mq", dict(TRAIN, scaler_type="robust", recurrent=True, h_train=3, loss=MQLoss(level=[80]), **EXOG_2)),
    ("lstm_recurrent_weights", dict(TRAIN, scaler_type="standard", recurrent=True, h_train=3, learning_rate=5e-3), {}, {}, LENGTHS,
     lambda series, t: 0.5 + (t + series) % 4),
    ("lstm_recurrent_iq", dict(TRAIN, scaler_type="standard", recurrent=True, h_train=2, loss=IQLoss(cos_embedding_dim=8),
                               learning_rate=5e-3), {}, {}, ONE_SERIES),
]
