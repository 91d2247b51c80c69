"""DilatedRNN: which of its variants have fixtures. Format: `__init__.py`."""

from neuralforecast.losses.pytorch import MQLoss
from neuralforecast.models import DilatedRNN

from . import CATEGORIES, EXOG, EXOG_2, SHORT

MODEL = DilatedRNN

# AttentiveLSTM fails in upstream's forward. Seven steps: no dilation but 1 divides them, so that every layer fills up with zeros.
SMALL = dict(h=3, input_size=7, encoder_hidden_size=8, decoder_hidden_size=8, dilations=[[1, 2], [3]],
             scaler_type="identity")

FORWARD = [
    (SMALL, [
        ("lstm", {}),
        ("lstm_exog", EXOG),
        ("lstm_of_categories", CATEGORIES),
        ("lstm_mq", dict(loss=MQLoss(level=[80]))),
        ("lstm_three_groups", dict(dilations=[[1], [2], [4, 5]], decoder_layers=1)),
        ("lstm_one_group", dict(dilations=[[2, 4]], input_size=8, decoder_activation="GELU")),
        ("gru", dict(cell_type="GRU")),
        ("rnn", dict(cell_type="RNN")),
        ("res_lstm", dict(cell_type="ResLSTM")),
        ("res_lstm_exog", dict(cell_type="ResLSTM", **EXOG)),
    ]),
]

TRAIN = dict(SHORT, encoder_hidden_size=8, decoder_hidden_size=8, dilations=[[1, 2], [5]])

TRAINING = [
    ("dilated_rnn_lstm", dict(TRAIN, scaler_type="robust")),
    ("dilated_rnn_gru_exog_mq", dict(TRAIN, cell_type="GRU", scaler_type="standard", loss=MQLoss(level=[80]), **EXOG_2)),
    ("dilated_rnn_res_lstm", dict(TRAIN, cell_type="ResLSTM", scaler_type="standard")),
]
