"""Makes the fixtures of `core/tests/fixtures` from neuralforecast 3.3.0.

Run: `python tools/reference/make.py [group...]`; without a group, all of them. `models/nhits` is the part of a group that
belongs to one model of `cases/`. Setup: README.md beside this file.
"""

import importlib
import os
import sys
import time
from importlib.metadata import version

GROUPS = ["llm", "models", "ops", "scalers", "local_scalers", "losses", "likelihoods", "multivariate_losses", "hierarchies",
          "windows", "schedules", "metrics",
          "training", "checkpoints", "predict_paths", "conformal"]


def main() -> None:
    if version("neuralforecast") != "3.3.0":
        sys.exit(f"neuralforecast 3.3.0 is needed, {version('neuralforecast')} is installed")
    groups = sys.argv[1:] or GROUPS
    unknown = [group for group in groups if group.split("/")[0] not in GROUPS]
    if unknown:
        sys.exit(f"unknown group {unknown[0]}; groups are {', '.join(GROUPS)}")
    for group in groups:
        start = time.perf_counter()
        name, *only = group.split("/")
        importlib.import_module(name).make(*only)
        print(f"{group}: {time.perf_counter() - start:.1f} s")


if __name__ == "__main__":
    # Upstream keeps exogenous columns in a set: with random string hashes its sums would differ in the last bit.
    if os.environ.get("PYTHONHASHSEED") != "0":
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, "PYTHONHASHSEED": "0"})
    main()
