"""Window scalers: `core/tests/fixtures/scalers/<type>.safetensors`, one per type of upstream's `TemporalNorm`.

Reference: neuralforecast 3.3.0. Run: `python tools/reference/make.py scalers`.
"""

import json

import torch
from neuralforecast.common._scalers import TemporalNorm

from fixture import generator, write_tensors

TYPES = ["identity", "standard", "robust", "minmax", "minmax1", "invariant", "revin"]
INPUT, HORIZON, CHANNELS = 8, 3, 3
ROWS = ["full (even count)", "constant", "one point", "five points (odd)", "six points (even)", "large level",
        "mostly equal: zero median deviation", "zeros"]


def windows(rng: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """x [B, L+h, C] and mask [B, L+h], the horizon masked as upstream does before taking statistics."""
    x = torch.randn(len(ROWS), INPUT + HORIZON, CHANNELS, generator=rng) * torch.tensor([1.0, 3.0, 0.1]) + torch.tensor([0.5, -2.0, 10.0])
    mask = torch.zeros(len(ROWS), INPUT + HORIZON)
    mask[:, :INPUT] = 1.0
    x[1] = torch.tensor([4.0, -1.5, 0.0])
    mask[2, :INPUT] = torch.tensor([0, 0, 0, 0, 0, 1, 0, 0])
    mask[3, :INPUT] = torch.tensor([0, 1, 0, 1, 1, 0, 1, 1])
    mask[4, :INPUT] = torch.tensor([1, 1, 0, 1, 1, 0, 1, 1])
    x[5] += 1e4
    x[6, :INPUT] = 2.0
    x[6, 4] = 7.0
    x[7] = 0.0
    return x, mask


def scale_windows(scaler_type: str, x: torch.Tensor, mask: torch.Tensor, y_hat: torch.Tensor) -> dict:
    scaler = TemporalNorm(scaler_type=scaler_type, dim=1, num_features=CHANNELS).to(x.dtype)
    learned = {}
    if scaler_type == "revin":
        with torch.no_grad():
            scaler.revin_weight[:] = torch.tensor([1.3, 0.6, -0.2]).reshape(1, 1, -1, 1)
            scaler.revin_bias[:] = torch.tensor([0.2, -0.4, 0.1]).reshape(1, 1, -1, 1)
        learned = dict(revin_weight=scaler.revin_weight, revin_bias=scaler.revin_bias)
    z = scaler.transform(x.clone().unsqueeze(-1), mask.unsqueeze(-1).unsqueeze(-1))
    # identity keeps a statistic per step; every other type one per window
    shift, scale = (s.expand(-1, z.shape[1], -1, -1)[:, 0, :, 0] for s in (scaler.x_shift, scaler.x_scale))
    inverse = scaler.inverse_transform(y_hat.unsqueeze(-1), shift[:, None, :1], scale[:, None, :1])
    return dict(z=z.squeeze(-1), shift=shift, scale=scale, inverse=inverse.squeeze(-1), **learned)


def make() -> None:
    rng = generator("scalers")  # the same windows for every type
    x, mask = windows(rng)
    y_hat = torch.randn(len(ROWS), HORIZON, generator=rng)
    for scaler_type in TYPES:
        tensors = dict(x=x, mask=mask, y_hat=y_hat, **scale_windows(scaler_type, x, mask, y_hat))
        exact = scale_windows(scaler_type, x.double(), mask.double(), y_hat.double())
        tensors.update({f"f64.{name}": value for name, value in exact.items() if not name.startswith("revin")})
        write_tensors(f"scalers/{scaler_type}.safetensors", tensors, {
            "scaler": scaler_type,
            "rows": json.dumps(ROWS),
            "shapes": "x, z [B, L+h, C]; mask [B, L+h], 0 over the horizon; shift, scale [B, C]; y_hat, inverse [B, h] with channel 0",
            "note": "f64.*: upstream's code on the same values in double precision, which the f32 statistics approach (large level). "
                    "revin: z uses the plain mean and deviation, shift and scale (and so inverse) hold bias and relu(weight)+1e-6",
        })
