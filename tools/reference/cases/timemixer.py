"""TimeMixer: which of its variants have fixtures. Format: `__init__.py`."""

from neuralforecast.losses.pytorch import MAE, MASE, MQLoss
from neuralforecast.models import TimeMixer

from . import SHORT

MODEL = TimeMixer

PLAIN = dict(h=4, input_size=8, n_series=3, d_model=6, d_ff=5, e_layers=2, moving_avg=3, dropout=0.0)
DFT = dict(decomp_method="dft_decomp", top_k=2)
ALONE = dict(channel_independence=1)

FORWARD = [
    (PLAIN, [
        ("plain", {}),
        ("mq", dict(loss=MQLoss(level=[80]))),
        ("mq_5", dict(n_series=5, loss=MQLoss(quantiles=[0.1, 0.5]))),
        ("no_norm", dict(use_norm=False)),
        ("no_norm_mq_alone", dict(use_norm=False, loss=MQLoss(level=[80]), **ALONE)),
        ("alone", ALONE),
        ("mq_5_alone", dict(n_series=5, loss=MQLoss(quantiles=[0.1, 0.5]), **ALONE)),
        ("dft", DFT),
        ("dft_alone", dict(DFT, **ALONE)),
        ("dft_most_frequencies", dict(DFT, top_k=4)),
        ("three_scales", dict(down_sampling_layers=2)),
        ("four_scales_alone", dict(input_size=16, down_sampling_layers=3, **ALONE)),
        ("window_3", dict(input_size=18, down_sampling_window=3, down_sampling_layers=2)),
        ("window_1", dict(down_sampling_window=1)),
        ("max", dict(down_sampling_method="max")),
        ("max_alone", dict(down_sampling_method="max", **ALONE)),
        ("conv", dict(down_sampling_method="conv", down_sampling_layers=2)),
        ("conv_alone", dict(down_sampling_method="conv", **ALONE)),
        ("wide_average", dict(moving_avg=25)),
        ("one_block", dict(e_layers=1)),
        ("no_block", dict(e_layers=0)),
        ("one_series", dict(n_series=1)),
        ("one_series_alone", dict(n_series=1, **ALONE)),
        ("h_1", dict(h=1)),
        ("d_model_2", dict(d_model=2, d_ff=1)),
    ]),
]

# A validation of several windows would depend on which of them is the first of its batch.
VAL_SIZE = SHORT["h"]

TRAIN = dict(SHORT, n_series=3, d_model=6, d_ff=5, e_layers=2, moving_avg=5, dropout=0.0, learning_rate=1e-3)

TRAINING = [
    ("timemixer_identity", TRAIN),
    ("timemixer_dft_standard", dict(TRAIN, scaler_type="standard", use_norm=False, **DFT)),
    ("timemixer_5_mq_alone", dict(TRAIN, n_series=5, scaler_type="robust", loss=MQLoss(level=[80]), down_sampling_layers=2, **ALONE),
     {}, {}, [72, 60, 51, 66, 57]),
    ("timemixer_conv_mase", dict(TRAIN, down_sampling_method="conv", loss=MAE(), valid_loss=MASE(seasonality=6))),
]
