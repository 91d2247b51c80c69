"""Schedule fixtures: `core/tests/fixtures/schedules.json`: learning rates and momenta of torch's schedules over 200 steps.

Reference: torch.optim.lr_scheduler. Run: `python tools/reference/make.py schedules`. Format: README.md beside this file.
"""

import math

import torch
from torch.optim import SGD, Adam, AdamW, RMSprop
from torch.optim.lr_scheduler import (CosineAnnealingLR, ExponentialLR, LinearLR, OneCycleLR, ReduceLROnPlateau, SequentialLR,
                                      StepLR)

from fixture import generator, schedule, write_json

STEPS, RATE = 200, 0.02

CASES = [
    ("step", Adam, StepLR, dict(step_size=30)),
    ("step_gamma", Adam, StepLR, dict(step_size=7, gamma=0.85)),
    ("exponential", Adam, ExponentialLR, dict(gamma=0.97)),
    ("cosine", Adam, CosineAnnealingLR, dict(T_max=STEPS)),
    ("cosine_there_and_back", SGD, CosineAnnealingLR, dict(T_max=45, eta_min=1e-3)),
    ("linear", Adam, LinearLR, dict()),
    ("linear_down", Adam, LinearLR, dict(start_factor=1.0, end_factor=0.1, total_iters=150)),
    ("one_cycle", Adam, OneCycleLR, dict(max_lr=0.1, total_steps=STEPS)),
    ("one_cycle_linear", AdamW, OneCycleLR, dict(max_lr=0.05, total_steps=210, pct_start=0.2, anneal_strategy="linear",
                                                 div_factor=10.0, final_div_factor=100.0)),
    ("one_cycle_three_phases", SGD, OneCycleLR, dict(max_lr=0.05, total_steps=STEPS, three_phase=True, base_momentum=0.8,
                                                     max_momentum=0.9)),
    ("one_cycle_three_phases_overlong", RMSprop, OneCycleLR, dict(max_lr=0.05, total_steps=STEPS, three_phase=True, pct_start=0.7)),
    ("one_cycle_rmsprop", RMSprop, OneCycleLR, dict(max_lr=0.05, total_steps=STEPS)),
    ("one_cycle_without_momentum", SGD, OneCycleLR, dict(max_lr=0.05, total_steps=STEPS, cycle_momentum=False)),
    ("plateau", Adam, ReduceLROnPlateau, dict()),
    ("plateau_abs", Adam, ReduceLROnPlateau, dict(factor=0.5, patience=2, threshold=0.05, threshold_mode="abs", cooldown=3,
                                                  min_lr=1e-4)),
    ("plateau_max", Adam, ReduceLROnPlateau, dict(mode="max", factor=0.7, patience=3, eps=1e-4)),
    ("plateau_max_abs", Adam, ReduceLROnPlateau, dict(mode="max", factor=0.7, patience=0, threshold_mode="abs", min_lr=1e-3)),
]


def optimizer_of(kind) -> torch.optim.Optimizer:
    return kind([torch.nn.Parameter(torch.zeros(1))], lr=RATE)


def momentum_of(optimizer) -> float:
    group = optimizer.param_groups[0]
    return group["betas"][0] if "betas" in group else group["momentum"]


def follow(name: str, optimizer, scheduler, ours: dict) -> dict:
    plateau = isinstance(scheduler, ReduceLROnPlateau)
    noise = torch.rand(STEPS, generator=generator(name), dtype=torch.float64).tolist()
    metrics = [1 + math.exp(-t / 20) + 0.1 * noise[t] for t in range(STEPS)] if plateau else None
    rates, momenta = [], []
    for step in range(STEPS):
        if not plateau:
            rates.append(optimizer.param_groups[0]["lr"])
            momenta.append(momentum_of(optimizer))
        optimizer.step()
        scheduler.step(*([metrics[step]] if plateau else []))
        if plateau:
            rates.append(optimizer.param_groups[0]["lr"])
    cycles = getattr(scheduler, "cycle_momentum", False)
    return {"name": name, "optimizer": type(optimizer).__name__, "learningRate": RATE, "schedule": ours, "lr": rates,
            "momentum": momenta if cycles else None, "metrics": metrics}


def warm_up(name: str, warm_up_steps: int, t_max: int, eta_min: float, start_factor: float) -> dict:
    optimizer = optimizer_of(Adam)
    parts = [LinearLR(optimizer, start_factor=start_factor, total_iters=warm_up_steps),
             CosineAnnealingLR(optimizer, T_max=t_max, eta_min=eta_min)]
    scheduler = SequentialLR(optimizer, parts, milestones=[warm_up_steps])
    ours = {"kind": "warmupCosine", "warmupSteps": warm_up_steps, "tMax": t_max, "etaMin": eta_min, "startFactor": start_factor}
    return follow(name, optimizer, scheduler, ours)


def make() -> None:
    cases = []
    for name, kind, scheduler, arguments in CASES:
        optimizer = optimizer_of(kind)
        cases.append(follow(name, optimizer, scheduler(optimizer, **arguments), schedule(scheduler.__name__, arguments)))
    cases.append(warm_up("warm_up", 20, 180, 0.0, 1 / 3))
    cases.append(warm_up("warm_up_and_back", 50, 60, 1e-3, 0.01))
    write_json("schedules.json", {"reference": f"torch {torch.__version__}", "cases": cases})
