"""TSMixerx: which of its variants have fixtures. Format: `__init__.py`."""

from neuralforecast.losses.pytorch import MAE, MASE, MQLoss
from neuralforecast.models import TSMixerx

from . import CATEGORIES, EXOG, EXOG_2, SHORT

MODEL = TSMixerx

PLAIN = dict(h=4, input_size=7, n_series=3, ff_dim=6, n_block=1)

FORWARD = [
    (PLAIN, [
        ("plain", {}),
        ("exog", EXOG),
        ("categories", CATEGORIES),
        ("futr_exog", dict(futr_exog_list=["f1"], n_block=2)),
        ("hist_exog", dict(hist_exog_list=["x1", "x2"])),
        ("static", dict(stat_exog_list=["s1", "s2"], n_block=2)),
        ("mq", dict(loss=MQLoss(level=[80]))),
        ("mq_exog_5", dict(n_series=5, loss=MQLoss(quantiles=[0.1, 0.5]), **EXOG)),
        ("no_revin", dict(revin=False)),
        ("no_revin_exog_mq", dict(revin=False, loss=MQLoss(level=[80]), **EXOG)),
        # As many features as the layers have: no projection beside the first mixer.
        ("features_are_units", dict(ff_dim=3)),
        ("no_blocks", dict(n_block=0)),
        ("one_series", dict(n_series=1, **EXOG)),
    ]),
]

TRAIN = dict(SHORT, n_series=3, ff_dim=6, n_block=1, learning_rate=1e-3)

TRAINING = [
    ("tsmixerx_identity", TRAIN),
    ("tsmixerx_exog_standard", dict(TRAIN, scaler_type="standard", **EXOG_2)),
    ("tsmixerx_5_mq_no_revin", dict(TRAIN, n_series=5, scaler_type="robust", loss=MQLoss(level=[80]), revin=False),
     {}, {}, [72, 60, 51, 66, 57]),
    ("tsmixerx_mase_minmax1", dict(TRAIN, scaler_type="minmax1", loss=MAE(), valid_loss=MASE(seasonality=6))),
]
