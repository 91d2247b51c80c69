"""The other side of the start in `npm run bench:peer`: what a fresh process does to forecast from a checkpoint."""

import logging
import os
import sys
import tempfile
import warnings

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)
os.chdir(tempfile.mkdtemp())  # Lightning leaves its logs in the working folder
answers, sys.stdout = sys.stdout, sys.stderr  # Lightning prints; the answer must stay alone on its line

from neuralforecast import NeuralForecast

forecast = NeuralForecast.load(sys.argv[1]).predict()
print(len(forecast), file=answers, flush=True)
