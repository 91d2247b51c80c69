"""Which windows upstream cuts: `core/tests/fixtures/windows.json`.

Every y is a code that names its series and step; the windows of `_create_windows` are read back from the codes.
Reference: neuralforecast 3.3.0. Run: `python tools/reference/make.py windows`.
"""

import numpy as np
import pandas as pd
from neuralforecast.models import LSTM, MLPMultivariate, NHITS
from neuralforecast.tsdataset import TimeSeriesDataset, TimeSeriesLoader

from fixture import camel, write_json

# lengths of the series, steps whose available_mask is 0 (per series), model options, fit arguments
CASES = {
    "three_lengths": dict(lengths=[5, 9, 20]),
    "step_3": dict(lengths=[5, 9, 20], step_size=3),
    "start_padding": dict(lengths=[5, 9, 20], start_padding_enabled=True),
    "start_padding_step_2": dict(lengths=[3, 12], start_padding_enabled=True, step_size=2),
    "val": dict(lengths=[12, 9, 20], val_size=4),
    "val_is_h": dict(lengths=[12, 20], val_size=3),
    "val_step_2": dict(lengths=[12, 20], val_size=7, step_size=2),
    "val_longer_than_a_series": dict(lengths=[5, 9, 20], val_size=7),
    "val_and_test": dict(lengths=[14, 20], val_size=4, test_size=3),
    "test_only": dict(lengths=[14, 20], test_size=5),
    "val_start_padding": dict(lengths=[5, 9, 20], val_size=3, start_padding_enabled=True),
    "short_val_is_padded": dict(lengths=[5, 6], val_size=3, start_padding_enabled=True),
    "threshold_half": dict(lengths=[5, 9, 20], training_data_availability_threshold=0.5),
    "threshold_full": dict(lengths=[5, 9, 20], training_data_availability_threshold=1.0),
    "threshold_pair": dict(lengths=[9, 20], training_data_availability_threshold=[0.25, 0.99], start_padding_enabled=True),
    "threshold_truncates": dict(lengths=[9, 20], input_size=5, training_data_availability_threshold=0.5),
    "holes": dict(lengths=[9, 20], holes=[[2, 3, 4, 5], [6, 7, 8, 9, 10, 11, 12, 19]]),
    "holes_threshold": dict(lengths=[9, 20], holes=[[2, 5], [6, 8, 9, 12, 19]], training_data_availability_threshold=0.75),
    "holes_hide_a_series": dict(lengths=[9, 20], holes=[list(range(9)), []]),
    "shorter_than_a_window": dict(lengths=[3, 3]),
    "exactly_input_size": dict(lengths=[4, 4]),
    "too_short": dict(lengths=[2, 3], h=3, input_size=8),
    "no_windows": dict(lengths=[9], holes=[list(range(9))]),
    "predict_pads_short_series": dict(lengths=[2, 3], input_size=6, start_padding_enabled=True),
    "h_1": dict(lengths=[5, 9], h=1),
    "recurrent_h_train_1": dict(lengths=[5, 9, 20], recurrent=True),
    "recurrent_h_train_2": dict(lengths=[5, 9, 20], recurrent=True, h_train=2),
    "recurrent_h_train_3_step_2": dict(lengths=[9, 20], recurrent=True, h_train=3, step_size=2),
    "recurrent_val": dict(lengths=[12, 20], recurrent=True, h_train=2, val_size=5),
    "recurrent_start_padding": dict(lengths=[5, 9], recurrent=True, h_train=2, start_padding_enabled=True),
    "recurrent_threshold": dict(lengths=[5, 9], recurrent=True, h_train=2, training_data_availability_threshold=1.0),
    "multivariate": dict(lengths=[5, 9, 20], multivariate=True),
    "multivariate_step_3": dict(lengths=[5, 9, 20], multivariate=True, step_size=3),
    "multivariate_start_padding": dict(lengths=[5, 9, 20], multivariate=True, start_padding_enabled=True),
    "multivariate_val": dict(lengths=[12, 9, 20], multivariate=True, val_size=5, step_size=2),
    "multivariate_val_longer_than_a_series": dict(lengths=[5, 9, 20], multivariate=True, val_size=7),
    "multivariate_threshold_half": dict(lengths=[5, 9, 20], multivariate=True, training_data_availability_threshold=0.5),
    "multivariate_threshold_full": dict(lengths=[9, 11, 20], multivariate=True, training_data_availability_threshold=1.0),
    "multivariate_threshold_truncates": dict(lengths=[9, 20, 14], multivariate=True, input_size=5, start_padding_enabled=True,
                                             training_data_availability_threshold=[0.3, 0.7]),
    "multivariate_holes": dict(lengths=[9, 12], multivariate=True, holes=[[2, 3, 4, 5], [5, 6, 7, 8, 9, 10]],
                               training_data_availability_threshold=0.75),
    "multivariate_holes_hide_a_series": dict(lengths=[9, 20], multivariate=True, holes=[list(range(9)), []]),
    "multivariate_too_short": dict(lengths=[2, 3], multivariate=True, h=3, input_size=8),
}


def panel(lengths: list, holes: list) -> TimeSeriesDataset:
    frames = []
    for series, length in enumerate(lengths):
        steps = np.arange(length)
        mask = (~np.isin(steps, holes[series])).astype(float)
        frames.append(pd.DataFrame(dict(unique_id=series, ds=steps, y=series * 1000.0 + steps + 1, available_mask=mask)))
    return TimeSeriesDataset.from_df(pd.concat(frames))[0]


def starts(windows: np.ndarray, n_series: int, step: int) -> list:
    """`[series, start]` of each window, from its codes; one without any code lies a step from its neighbour."""
    per_series = len(windows) // n_series
    found = []
    for row, codes in enumerate(windows):
        series = row // per_series
        positions = np.flatnonzero(codes)
        start = None
        if len(positions):
            start = int(codes[positions[0]]) - series * 1000 - 1 - int(positions[0])
            assert all(codes[p] == series * 1000 + 1 + start + p for p in positions)
        found.append([series, start])
    for row in reversed(range(len(found) - 1)):
        if found[row][1] is None and found[row + 1][0] == found[row][0] and found[row + 1][1] is not None:
            found[row][1] = found[row + 1][1] - step
    for row in range(1, len(found)):
        if found[row][1] is None and found[row - 1][0] == found[row][0] and found[row - 1][1] is not None:
            found[row][1] = found[row - 1][1] + step
    return found


def cut(model, batch, step: str, n_series: int) -> dict:
    try:
        windows, _, _, kept, _, columns = model._create_windows(batch, step=step)
    except Exception as error:
        return {"error": str(error)}
    kept = kept.tolist()
    if model.MULTIVARIATE:  # [Ws, L + h, C, N] as if each series were by itself, each window in all of them
        kept = [series * len(windows) + i for i in kept for series in range(n_series)]
        windows = windows.permute(3, 0, 1, 2).flatten(0, 1).unsqueeze(-1)
    all_starts = starts(windows[:, :, batch["y_idx"], 0].numpy(), n_series, 1 if step == "predict" else model.step_size)
    mask = windows[:, :, columns.get_loc("available_mask"), 0]
    rows = [all_starts[i] for i in kept]
    return {
        "length": windows.shape[1],
        "windows": rows,
        "available": [[int(mask[i, : model.input_size].sum()), int(mask[i, model.input_size :].sum())] for i in kept],
    }


def run(name: str, lengths: list, holes=None, val_size=0, test_size=0, h=3, input_size=4, recurrent=False, multivariate=False,
        **options) -> dict:
    holes = holes or [[] for _ in lengths]
    dataset = panel(lengths, holes)
    batch = next(iter(TimeSeriesLoader(dataset, batch_size=len(lengths))))
    if recurrent:
        model = LSTM(h=h, input_size=input_size, recurrent=True, encoder_hidden_size=2, max_steps=1, **options)
    elif multivariate:
        model = MLPMultivariate(h=h, input_size=input_size, n_series=len(lengths), hidden_size=2, max_steps=1, **options)
    else:
        model = NHITS(h=h, input_size=input_size, mlp_units=[[2, 2]], max_steps=1, **options)
    model.val_size, model.test_size, model.predict_step_size = val_size, test_size, 1
    result = {}
    if recurrent:
        model.h = model.h_train
    result["train"] = cut(model, batch, "train", len(lengths))
    model.h = model.horizon_backup
    if val_size:
        result["val"] = cut(model, batch, "val", len(lengths))
    result["predict"] = cut(model, batch, "predict", len(lengths))
    return dict(name=name, lengths=lengths, holes=holes, valSize=val_size, testSize=test_size,
                options=dict(h=h, inputSize=input_size, **({"recurrent": True} if recurrent else {}),
                             **({"multivariate": True} if multivariate else {}),
                             **{camel(k): v for k, v in options.items()}), **result)


def make() -> None:
    write_json("windows.json", {
        "reference": "neuralforecast 3.3.0",
        "format": "windows: [series, start], start relative to the series' first step (negative: in the padding), null when no "
                  "window of that series holds data; available: available points in the input and in the horizon; all series in one "
                  "batch, left-padded to the longest; recurrent models: input is inputSize + 1, horizon hTrain while training; "
                  "multivariate models: each window in all series, one after the other",
        "cases": [run(name, **case) for name, case in CASES.items()],
    })
