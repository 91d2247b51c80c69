"""Where fixture files go and how they are written.

Imported by every generator in this folder; makes nothing by itself. Reference: neuralforecast 3.3.0.
"""

import json
import logging
import os
import re
import warnings
import zlib
from pathlib import Path

# Before torch is imported: one CPU thread, so sums are added in one order.
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import numpy as np
import torch

FIXTURES = Path(__file__).resolve().parents[2] / "core" / "tests" / "fixtures"

torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)
warnings.filterwarnings("ignore")
for name in ("pytorch_lightning", "lightning", "lightning_fabric", "lightning.fabric", "pytorch_lightning.utilities"):
    logging.getLogger(name).setLevel(logging.ERROR)


def seed_of(name: str) -> int:
    """A seed that depends on the case's name only, so adding a case changes no other."""
    return zlib.crc32(name.encode()) % 2**31


def generator(name: str) -> torch.Generator:
    return torch.Generator().manual_seed(seed_of(name))


def camel(name: str) -> str:
    name = name[0].lower() + name[1:]  # MovingAvg_window
    return re.sub(r"_([a-z0-9])", lambda match: match[1].upper(), name)


def plain(value):
    """A value as JSON: losses as kind and arguments, classes by name, arrays as lists."""
    from neuralforecast.losses.pytorch import _BaseLoss

    if isinstance(value, _BaseLoss):
        recorded = {k: v for k, v in value._nf_init_kwargs.items() if v is not None}
        if "quantiles" in recorded:
            recorded.pop("level", None)
        args = {camel(k): plain(v) for k, v in recorded.items()}
        return {"kind": type(value).__name__, "args": args}
    if isinstance(value, type):
        return value.__name__
    if isinstance(value, (np.ndarray, torch.Tensor, np.generic)):
        return value.tolist()
    if isinstance(value, dict):
        return {camel(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    return value


def state(model) -> dict:
    """The `state_dict`, without the tables of positions: 5000 rows that are the same in every model, and without frozen
    language models."""
    frozen, tables = ("llm.", "word_embeddings"), ("position_embedding.pe", "positional_embedding.position_embedding")
    return {name: value for name, value in model.state_dict().items()
            if not name.endswith(tables) and not name.startswith(frozen)}


SCHEDULES = {
    "StepLR": "step",
    "ExponentialLR": "exponential",
    "CosineAnnealingLR": "cosine",
    "LinearLR": "linearWarmup",
    "OneCycleLR": "oneCycle",
    "ReduceLROnPlateau": "plateau",
}


def schedule(torch_class: str, arguments: dict) -> dict:
    """A schedule of torch's as ours: `{"kind": "cosine", "tMax": 10}`."""
    ours = {"tMax" if k == "T_max" else camel(k): plain(v) for k, v in arguments.items()}
    return {"kind": SCHEDULES[torch_class], **ours}


def options_json(kwargs: dict) -> str:
    """A model's arguments as our options: names in camelCase, an optimizer or schedule together with its arguments."""
    options = {camel(k): plain(v) for k, v in kwargs.items()}
    if "optimizer" in options:
        options["optimizer"] = {"kind": options["optimizer"], **options.pop("optimizerKwargs", {})}
    if "lrScheduler" in options:
        options.pop("lrSchedulerKwargs", None)
        options["lrScheduler"] = schedule(options["lrScheduler"], kwargs.get("lr_scheduler_kwargs", {}))
    return json.dumps(options, sort_keys=True)


def write_tensors(path: str, tensors: dict, metadata: dict) -> None:
    """One safetensors file of f32 tensors, in order of name; complex ones get a last axis of real and imaginary part."""

    def real(value) -> torch.Tensor:
        tensor = torch.as_tensor(value).detach()
        return torch.view_as_real(tensor) if tensor.is_complex() else tensor

    target = FIXTURES / path
    target.parent.mkdir(parents=True, exist_ok=True)
    arrays = {
        name: np.ascontiguousarray(real(value).to(torch.float32).numpy(), dtype="<f4")
        for name, value in sorted(tensors.items())
        if value is not None
    }
    # Written here and not by `safetensors`, whose metadata order differs from run to run.
    header = {"__metadata__": dict(sorted({"reference": "neuralforecast 3.3.0", **metadata}.items()))}
    end = 0
    for name, array in arrays.items():
        header[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": [end, end + array.nbytes]}
        end += array.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    target.write_bytes(len(text).to_bytes(8, "little") + text + b"".join(a.tobytes() for a in arrays.values()))


def write_json(path: str, value) -> None:
    target = FIXTURES / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(plain_floats(value), separators=(",", ":")) + "\n")


def plain_floats(value):
    """f32 values as their shortest decimal, so that files stay small and exact."""
    if isinstance(value, torch.Tensor):
        value = value.detach().numpy()
    if isinstance(value, np.ndarray):
        return [plain_floats(item) for item in value] if value.ndim else plain_floats(value[()])
    if isinstance(value, np.float32):
        return float(str(value))
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, dict):
        return {k: plain_floats(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain_floats(v) for v in value]
    return value
