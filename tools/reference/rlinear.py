"""RLinear, which upstream does not have: the paper's model as one of upstream's, so that its own code trains it.

Li et al. 2023, <https://arxiv.org/abs/2305.10721>. Names of the parameters are those of the authors' code.
Reference: neuralforecast 3.3.0, whose `RevIN` this is made of. Imported by `cases/rlinear.py`; makes nothing by itself.
"""

import torch.nn as nn
from neuralforecast.common._base_model import BaseModel
from neuralforecast.common._modules import RevIN
from neuralforecast.losses.pytorch import MAE


class RLinear(BaseModel):
    EXOGENOUS_FUTR = False
    EXOGENOUS_HIST = False
    EXOGENOUS_STAT = False
    MULTIVARIATE = False
    RECURRENT = False

    def __init__(self, h, input_size, revin=True, dropout=0.1, loss=MAE(), valid_loss=None, max_steps=1000,
                 learning_rate=1e-3, num_lr_decays=-1, early_stop_patience_steps=-1, val_monitor="ptl/val_loss",
                 val_check_steps=100, batch_size=32, valid_batch_size=None, windows_batch_size=1024,
                 inference_windows_batch_size=1024, start_padding_enabled=False, training_data_availability_threshold=0.0,
                 step_size=1, scaler_type="identity", random_seed=1, drop_last_loader=False, alias=None, optimizer=None,
                 optimizer_kwargs=None, lr_scheduler=None, lr_scheduler_kwargs=None, dataloader_kwargs=None,
                 **trainer_kwargs):
        shared = {k: v for k, v in locals().items()
                  if k not in ("self", "revin", "dropout", "trainer_kwargs", "__class__")}
        super().__init__(**shared, **trainer_kwargs)
        self.Linear = nn.Linear(input_size, h * self.loss.outputsize_multiplier)
        self.dropout = nn.Dropout(dropout)
        self.rev = RevIN(1, affine=True) if revin else None

    def forward(self, windows_batch):
        x = windows_batch["insample_y"]  # [B, L, 1]
        x = self.rev(x, "norm") if self.rev else x
        y = self.Linear(self.dropout(x).squeeze(-1)).reshape(len(x), self.h, -1)  # [B, h, O]
        return self.rev(y, "denorm") if self.rev else y
