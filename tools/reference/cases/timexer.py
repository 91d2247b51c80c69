"""TimeXer: which of its variants have fixtures. Format: `__init__.py`."""

from neuralforecast.losses.pytorch import MQLoss
from neuralforecast.models import TimeXer

from . import SHORT

MODEL = TimeXer

HIST = dict(hist_exog_list=["x1", "x2"])
STAT = dict(stat_exog_list=["s1", "s2"])
CATEGORIES = dict(hist_exog_list=["x1", "x2", "nf3"], cat_exog_list=["s1", "nf3", "x1"],
                  categorical_cardinalities=dict(nf3=4, x1=3, s1=3), **STAT)

PLAIN = dict(h=4, input_size=8, n_series=3, patch_len=3, hidden_size=8, n_heads=2, d_ff=6, e_layers=2, dropout=0.0)

FORWARD = [
    (PLAIN, [
        ("plain", {}),
        ("hist", HIST),
        ("static", STAT),
        ("hist_and_static", dict(HIST, **STAT)),
        ("categories", CATEGORIES),
        ("without_y", dict(exclude_insample_y=True, **HIST, **STAT)),
        ("mq", dict(loss=MQLoss(level=[80]))),
        ("mq_exog_5", dict(n_series=5, loss=MQLoss(quantiles=[0.1, 0.5]), **HIST, **STAT)),
        ("no_norm", dict(use_norm=False)),
        ("no_norm_exog_mq", dict(use_norm=False, loss=MQLoss(level=[80]), **HIST, **STAT)),
        ("one_layer", dict(e_layers=1)),
        ("three_layers_exog", dict(e_layers=3, **HIST)),
        ("no_layer", dict(e_layers=0)),
        ("one_patch", dict(patch_len=8)),
        ("patches_that_fill_the_input", dict(patch_len=2)),
        ("patches_of_one_step", dict(patch_len=1)),
        ("heads_that_do_not_divide", dict(hidden_size=10, n_heads=3)),
        ("one_head", dict(n_heads=1)),
        ("d_ff_by_default", dict(d_ff=0)),
        ("one_series", dict(n_series=1)),
        ("one_series_exog", dict(n_series=1, **HIST, **STAT)),
        ("h_1", dict(h=1)),
    ]),
]


def without_gradient(model, parameter: str) -> bool:
    """Whether the gradient of a parameter is 0 whatever the data are.

    Without layers, no variable is seen; a target that is left out is 0.
    """
    without_variables = parameter.startswith("ex_embedding.") and model.e_layers == 0
    return without_variables or (parameter == "en_embedding.value_embedding.weight" and model.exclude_insample_y)


TRAIN = dict(SHORT, n_series=3, patch_len=5, hidden_size=8, n_heads=2, d_ff=6, e_layers=2, dropout=0.0, learning_rate=1e-3)

TRAINING = [
    ("timexer_identity", TRAIN),
    ("timexer_exog_standard", dict(TRAIN, scaler_type="standard", use_norm=False, **HIST, **STAT)),
    # With some seeds, a forecast lies so near to its target that the sign of the loss depends on rounding.
    ("timexer_5_mq", dict(TRAIN, n_series=5, scaler_type="robust", loss=MQLoss(level=[80]), random_seed=4, **HIST), {}, {}, [72, 60, 51, 66, 57]),
]
