"""KAN: which of its variants have fixtures. Format: `__init__.py`."""

from neuralforecast.losses.pytorch import DistributionLoss, MQLoss
from neuralforecast.models import KAN

from . import CATEGORIES, EXOG, EXOG_2, SHORT

MODEL = KAN

PLAIN = dict(h=4, input_size=9, hidden_size=6)

FORWARD = [
    (PLAIN, [
        ("plain", {}),
        ("exog", EXOG),
        ("categories", CATEGORIES),
        ("futr_exog", dict(futr_exog_list=["f1"])),
        ("hist_exog", dict(hist_exog_list=["x1", "x2", "x3"])),
        ("stat_exog", dict(stat_exog_list=["s1", "s2"])),
        ("mq", dict(loss=MQLoss(level=[80]))),
        ("mq_exog", dict(loss=MQLoss(quantiles=[0.1, 0.5, 0.7]), **EXOG)),
        ("normal", dict(loss=DistributionLoss(distribution="Normal", level=[80]))),
        ("no_hidden_layer", dict(n_hidden_layers=0)),
        ("hidden_layers_2", dict(n_hidden_layers=2)),
        ("hidden_size_of_each", dict(n_hidden_layers=2, hidden_size=[5, 7])),
        ("grid_size_1", dict(grid_size=1)),
        ("grid_size_9", dict(grid_size=9)),
        ("linear_splines", dict(spline_order=1)),
        ("quadratic_splines", dict(spline_order=2)),
        ("order_5", dict(spline_order=5, grid_size=3)),
        ("grid_range", dict(grid_range=[-2.3, 3.1])),
        ("scales", dict(scale_noise=0.5, scale_base=0.3, scale_spline=2.0)),
        ("h_1", dict(h=1)),
    ]),
]

TRAIN = dict(SHORT, hidden_size=6, scaler_type="robust")

TRAINING = [
    ("kan_robust", TRAIN),
    ("kan_exog_mq", dict(TRAIN, loss=MQLoss(level=[80]), scaler_type="standard", n_hidden_layers=2, hidden_size=[5, 4], **EXOG_2,
                         learning_rate=2e-3)),
]
