"""TFT: which of its variants have fixtures. Format: `__init__.py`."""

from neuralforecast.losses.pytorch import DistributionLoss, MQLoss
from neuralforecast.models import TFT

from . import EXOG, EXOG_2, LENGTHS, SHORT

MODEL = TFT

PLAIN = dict(h=3, input_size=6, hidden_size=6, n_head=2, dropout=0.0, scaler_type="identity")
STATIC = dict(stat_exog_list=["s1", "s2"])
TWO_LAYERS = dict(PLAIN, n_rnn_layers=2, **STATIC)

FORWARD = [
    (PLAIN, [
        ("mae", {}),
        ("exog", EXOG),
        ("exog_two_static", EXOG_2),
        ("futr_exog", dict(futr_exog_list=["f1", "f2"])),
        ("futr_exog_one", dict(futr_exog_list=["f1"])),
        ("hist_exog", dict(hist_exog_list=["x1", "x2", "x3"])),
        ("stat_exog", STATIC),
        ("stat_exog_one", dict(stat_exog_list=["s1"])),
        ("futr_and_hist_exog", dict(futr_exog_list=["f1"], hist_exog_list=["x1"])),
        ("hist_and_stat_exog", dict(hist_exog_list=["x1"], **STATIC)),
        ("futr_and_stat_exog", dict(futr_exog_list=["f1", "f2"], **STATIC)),
        ("mq", dict(loss=MQLoss(level=[80]))),
        ("mq_exog", dict(loss=MQLoss(level=[80]), **EXOG_2)),
        ("student_t", dict(loss=DistributionLoss("StudentT", level=[80]))),
        ("heads_1", dict(n_head=1)),
        ("heads_6", dict(n_head=6)),
        ("tgt_size_3", dict(tgt_size=3)),
        ("tgt_size_2_exog", dict(tgt_size=2, **EXOG_2)),
        ("gru", dict(rnn_type="gru")),
        ("gru_exog", dict(rnn_type="gru", **EXOG_2)),
        ("rnn_layers_3", dict(n_rnn_layers=3)),
        ("one_initial_state", dict(one_rnn_initial_state=True)),
        ("h_1", dict(h=1)),
        ("h_longer_than_input", dict(h=7, input_size=4)),
        ("relu", dict(grn_activation="ReLU", **STATIC)),
        ("softplus", dict(grn_activation="Softplus", **STATIC)),
        ("tanh", dict(grn_activation="Tanh", **STATIC)),
        ("selu", dict(grn_activation="SELU", **STATIC)),
        ("leaky_relu", dict(grn_activation="LeakyReLU", **STATIC)),
        ("sigmoid", dict(grn_activation="Sigmoid", **STATIC)),
        ("gelu", dict(grn_activation="GELU", **STATIC)),
    ]),
    (TWO_LAYERS, [
        ("layers_lstm", {}),
        ("layers_lstm_one_state", dict(one_rnn_initial_state=True)),
        ("layers_gru", dict(rnn_type="gru")),
        ("layers_gru_one_state", dict(rnn_type="gru", one_rnn_initial_state=True)),
        ("layers_lstm_exog_mq", dict(loss=MQLoss(level=[80]), futr_exog_list=["f1", "f2"], hist_exog_list=["x1"])),
    ]),
]


def without_gradient(model, parameter: str) -> bool:
    """Whether the gradient of a parameter is 0 whatever the data are.

    Without static columns the context of every gate is 0; and the weight of a single variable is 1.
    """
    if parameter.endswith("lin_c.weight"):
        return model.stat_exog_size == 0 or ".future_vsn." in parameter and model.futr_exog_size <= 1
    single = [("static_encoder.vsn.", model.stat_exog_size == 1), (".future_vsn.", model.futr_exog_size <= 1)]
    return ".joint_grn." in f".{parameter}" and any(part in parameter and one for part, one in single)


TRAIN = dict(SHORT, hidden_size=8, n_head=2, dropout=0.0, learning_rate=2e-3)

TRAINING = [
    ("tft_standard", dict(TRAIN, scaler_type="standard")),
    ("tft_padded", dict(TRAIN, scaler_type="robust", start_padding_enabled=True)),
    ("tft_exog", dict(TRAIN, scaler_type="robust", **EXOG_2)),
    ("tft_exog_mq", dict({**TRAIN, "learning_rate": 5e-4}, scaler_type="standard", loss=MQLoss(level=[80]), **EXOG_2)),
    ("tft_gru_layers", dict(TRAIN, scaler_type="standard", rnn_type="gru", n_rnn_layers=2, **STATIC)),
    ("tft_layers_one_state_tanh", dict(TRAIN, scaler_type="standard", n_rnn_layers=2, one_rnn_initial_state=True,
                                       grn_activation="Tanh", **STATIC)),
    ("tft_weights", dict(TRAIN, scaler_type="standard", futr_exog_list=["f1"]), {}, {}, LENGTHS,
     lambda series, t: 0.5 + (t + series) % 4),
]
