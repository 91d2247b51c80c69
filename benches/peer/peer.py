"""The other side of `npm run bench:peer`: NeuralForecast, asked for one run at a time.

Reads one JSON request a line and answers with one JSON line. Needs neuralforecast 3.3.0 (tools/reference/requirements.txt).
"""

import json
import logging
import os
import re
import resource
import sys
import tempfile
import time
import warnings

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)
answers = sys.stdout
os.chdir(tempfile.mkdtemp())  # Lightning leaves its logs in the working folder
sys.stdout = sys.stderr  # Lightning prints; answers must stay alone on their line

begin = time.perf_counter()
import pandas as pd
import torch
import neuralforecast
from neuralforecast import NeuralForecast, models

IMPORT_MS = (time.perf_counter() - begin) * 1e3
QUIET = {"accelerator": "cpu", "logger": False, "enable_progress_bar": False, "enable_model_summary": False}


def snake(name):
    return re.sub("([A-Z])", lambda m: "_" + m[1].lower(), name)


def frame(series):
    return pd.concat([pd.DataFrame({"unique_id": f"series_{i}", "ds": range(len(y)), "y": y}) for i, y in enumerate(series)])


def build(request):
    options = {snake(name): value for name, value in request["options"].items()}
    model = getattr(models, request["model"])(**options, **QUIET)
    return NeuralForecast(models=[model], freq=1)


def timed(work):
    begin = time.perf_counter()
    result = work()
    return result, (time.perf_counter() - begin) * 1e3


def fit(request):
    """Milliseconds of a fit, and of a forecast after it."""
    forecaster = build(request)
    data = frame(request["series"])
    _, fit_ms = timed(lambda: forecaster.fit(data))
    forecaster.predict()
    _, predict_ms = timed(forecaster.predict)
    if "save" in request:
        forecaster.save(request["save"], overwrite=True)
    return {"fitMs": fit_ms, "predictMs": predict_ms}


for line in sys.stdin:
    request = json.loads(line)
    answer = fit(request)
    answer["maxRssKiB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    answer["versions"] = f"neuralforecast {neuralforecast.__version__}, torch {torch.__version__}"
    answer["importMs"] = IMPORT_MS
    print(json.dumps(answer), file=answers, flush=True)
