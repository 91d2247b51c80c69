"""iTransformer: which of its variants have fixtures. Format: `__init__.py`."""

from neuralforecast.losses.pytorch import MAE, MASE, MQLoss
from neuralforecast.models import iTransformer

from . import SHORT

MODEL = iTransformer

FUTR = dict(futr_exog_list=["f1", "f2"])

PLAIN = dict(h=4, input_size=7, n_series=3, hidden_size=8, n_heads=2, d_ff=6, e_layers=2, dropout=0.0)

FORWARD = [
    (PLAIN, [
        ("plain", {}),
        ("futr", FUTR),
        ("futr_without_y", dict(exclude_insample_y=True, **FUTR)),
        ("mq", dict(loss=MQLoss(level=[80]))),
        ("mq_futr_5", dict(n_series=5, loss=MQLoss(quantiles=[0.1, 0.5]), **FUTR)),
        ("no_norm", dict(use_norm=False)),
        ("no_norm_futr_mq", dict(use_norm=False, loss=MQLoss(level=[80]), **FUTR)),
        ("one_layer_futr", dict(e_layers=1, **FUTR)),
        ("three_layers", dict(e_layers=3)),
        ("no_layer", dict(e_layers=0)),
        ("no_layer_futr", dict(e_layers=0, **FUTR)),
        ("heads_that_do_not_divide", dict(hidden_size=7, n_heads=3)),
        ("one_head", dict(n_heads=1)),
        ("d_ff_by_default", dict(d_ff=0)),
        ("one_series", dict(n_series=1)),
        ("one_series_futr", dict(n_series=1, **FUTR)),
        ("h_1", dict(h=1)),
    ]),
]


def without_gradient(model, parameter: str) -> bool:
    """Whether the gradient of a parameter is 0 whatever the data are.

    Without an attention, no output depends on the columns; a target that is left out is 0.
    """
    without_columns = parameter.startswith("futr_embedding.") and model.e_layers == 0
    return without_columns or (parameter == "enc_embedding.value_embedding.weight" and model.exclude_insample_y)


TRAIN = dict(SHORT, n_series=3, hidden_size=8, n_heads=2, d_ff=6, e_layers=2, dropout=0.0, learning_rate=1e-3)

TRAINING = [
    ("itransformer_identity", TRAIN),
    ("itransformer_futr_standard", dict(TRAIN, scaler_type="standard", use_norm=False, **FUTR)),
    ("itransformer_5_mq", dict(TRAIN, n_series=5, scaler_type="robust", loss=MQLoss(level=[80])), {}, {}, [72, 60, 51, 66, 57]),
    ("itransformer_mase", dict(TRAIN, loss=MAE(), valid_loss=MASE(seasonality=6), **FUTR)),
]
