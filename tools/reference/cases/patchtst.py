"""PatchTST: which of its variants have fixtures. Format: `__init__.py`."""

import torch
from neuralforecast.losses.pytorch import DistributionLoss, MQLoss
from neuralforecast.models import PatchTST

from . import SHORT

MODEL = PatchTST

PLAIN = dict(h=4, input_size=12, hidden_size=8, n_heads=2, linear_hidden_size=6, encoder_layers=2, patch_len=4, stride=2, dropout=0.0)

FORWARD = [
    (PLAIN, [
        ("plain", {}),
        ("relu", dict(activation="relu")),
        ("pre_norm", dict(batch_normalization=True)),
        ("plain_attention", dict(res_attention=False)),
        ("plain_attention_pre_norm", dict(res_attention=False, batch_normalization=True)),
        ("fixed_positions", dict(learn_pos_embed=False)),
        ("no_revin", dict(revin=False)),
        ("revin_mean", dict(revin_subtract_last=False)),
        ("revin_affine", dict(revin_affine=True)),
        ("revin_affine_mean_mq", dict(revin_affine=True, revin_subtract_last=False, loss=MQLoss(level=[80]))),
        ("mq", dict(loss=MQLoss(level=[80]))),
        ("student_t", dict(loss=DistributionLoss("StudentT", level=[80]))),
        ("one_layer", dict(encoder_layers=1)),
        ("three_layers_pre_norm_mq", dict(encoder_layers=3, batch_normalization=True, loss=MQLoss(level=[80]))),
        ("no_layer", dict(encoder_layers=0)),
        ("one_head", dict(n_heads=1)),
        ("as_many_heads_as_numbers", dict(n_heads=8)),
        ("patches_side_by_side", dict(patch_len=3, stride=3)),
        ("patches_apart", dict(patch_len=2, stride=5)),
        ("steps_behind_the_last_patch", dict(patch_len=5, stride=4)),
        ("one_patch", dict(input_size=5, patch_len=16, stride=3)),
        ("stride_beyond_input", dict(input_size=5, patch_len=3, stride=9)),
        ("default_patches", dict(input_size=24, patch_len=16, stride=8)),
        ("h_1", dict(h=1)),
    ]),
]


# Adam would make steps of the rounding errors that are gradients of 0; its eps is larger than these.
TRAIN = dict(SHORT, hidden_size=8, n_heads=2, linear_hidden_size=6, encoder_layers=2, patch_len=4, stride=2, dropout=0.0,
             optimizer=torch.optim.Adam, optimizer_kwargs=dict(eps=1e-3))

TRAINING = [
    ("patchtst_identity", TRAIN),
    ("patchtst_pre_norm_mq", dict(TRAIN, scaler_type="standard", batch_normalization=True, res_attention=False, revin_affine=True,
                                  revin_subtract_last=False, loss=MQLoss(level=[80]))),
]
