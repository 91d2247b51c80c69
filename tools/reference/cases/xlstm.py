"""xLSTM: which of its variants have fixtures. Format: `__init__.py`."""

import slstm_cells  # noqa: F401  sLSTM without CUDA
import torch
from neuralforecast.losses.pytorch import MASE, DistributionLoss, MQLoss
from neuralforecast.models import xLSTM

from . import CATEGORIES, EXOG, EXOG_2, ONLY_CATEGORIES, SHORT

MODEL = xLSTM

MLSTM = dict(h=3, input_size=7, encoder_n_blocks=1, encoder_hidden_size=6, encoder_dropout=0.0, decoder_hidden_size=8,
             scaler_type="identity")
SLSTM = dict(MLSTM, encoder_hidden_size=8, backbone="sLSTM")

FORWARD = [
    (MLSTM, [
        ("plain", {}),
        ("two_blocks", dict(encoder_n_blocks=2)),
        ("three_blocks", dict(encoder_n_blocks=3)),
        ("no_bias", dict(encoder_bias=False)),
        ("exog", EXOG),
        ("categories", CATEGORIES),
        ("categories_only", dict(ONLY_CATEGORIES, cat_emb_dim=2)),
        ("mq", dict(loss=MQLoss(level=[80]))),
        ("student_t", dict(loss=DistributionLoss("StudentT", level=[80]))),
        ("one_step", dict(input_size=1)),
        ("long_horizon", dict(h=9, input_size=5)),
        ("many_steps", dict(input_size=70)),
        ("wide", dict(encoder_hidden_size=40)),
        ("decoder_1", dict(decoder_layers=1)),
        ("decoder_3", dict(decoder_layers=3)),
        ("decoder_relu", dict(decoder_activation="ReLU")),
        ("decoder_prelu", dict(decoder_activation="PReLU")),
    ]),
    (SLSTM, [
        ("slstm", {}),
        ("slstm_two_blocks", dict(encoder_n_blocks=2)),
        ("slstm_no_bias", dict(encoder_bias=False)),
        ("slstm_exog", EXOG),
        ("slstm_categories", CATEGORIES),
        ("slstm_mq", dict(loss=MQLoss(level=[80]))),
        ("slstm_few_steps", dict(input_size=3)),
        ("slstm_many_steps", dict(input_size=40)),
        ("slstm_wide", dict(encoder_hidden_size=60)),
        ("slstm_decoder_3", dict(decoder_layers=3)),
    ]),
]


def without_gradient(model, parameter: str) -> bool:
    """Whether the gradient of a parameter is 0 whatever the data are: a single step has nothing before it to forget."""
    return model.input_size == 1 and parameter.endswith(("mlstm_cell.fgate.weight", "mlstm_cell.fgate.bias"))


TRAIN = dict(SHORT, encoder_dropout=0.0, decoder_hidden_size=8)

DESCENT = dict(optimizer=torch.optim.SGD, learning_rate=0.05)

TRAINING = [
    # Through two blocks, Adam would make steps of the rounding errors of gradients that are nearly 0.
    ("xlstm_mlstm", dict(TRAIN, encoder_hidden_size=6, scaler_type="robust", **DESCENT)),
    ("xlstm_slstm", dict(TRAIN, encoder_hidden_size=8, backbone="sLSTM", scaler_type="standard", loss=MQLoss(level=[80]), **EXOG_2,
                         **dict(DESCENT, learning_rate=0.002))),
    ("xlstm_mlstm_mase", dict(TRAIN, encoder_hidden_size=6, encoder_n_blocks=1, scaler_type="standard", valid_loss=MASE(seasonality=2))),
]
