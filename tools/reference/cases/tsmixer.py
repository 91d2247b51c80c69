"""TSMixer: which of its variants have fixtures. Format: `__init__.py`."""

from neuralforecast.losses.pytorch import DistributionLoss, MQLoss
from neuralforecast.models import TSMixer

from . import SHORT

MODEL = TSMixer

PLAIN = dict(h=4, input_size=7, n_series=3, ff_dim=6, n_block=1, dropout=0.0)

FORWARD = [
    (PLAIN, [
        ("plain", {}),
        ("mq", dict(loss=MQLoss(level=[80]))),
        ("mq_5_no_revin", dict(n_series=5, loss=MQLoss(quantiles=[0.1, 0.5]), revin=False)),
        ("no_revin", dict(revin=False)),
        ("blocks_3", dict(n_block=3)),
        ("no_blocks", dict(n_block=0)),
        ("one_series", dict(n_series=1)),
        ("student_t", dict(loss=DistributionLoss("StudentT", level=[80]))),
    ]),
]

TRAIN = dict(SHORT, n_series=3, ff_dim=6, n_block=1, dropout=0.0, learning_rate=1e-3)

TRAINING = [
    ("tsmixer_identity", TRAIN),
    ("tsmixer_standard_no_revin", dict(TRAIN, scaler_type="standard", revin=False)),
    ("tsmixer_5_mq", dict(TRAIN, n_series=5, n_block=2, scaler_type="robust", loss=MQLoss(level=[80])),
     {}, {}, [72, 60, 51, 66, 57]),
    ("tsmixer_normal", dict(TRAIN, scaler_type="standard",
                            loss=DistributionLoss("Normal", level=[80], return_params=True, num_samples=20_000))),
]
