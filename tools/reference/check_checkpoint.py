"""Compares our forecast with Python's from the same checkpoint directory. Exit code 1 when they differ.

Run: `python tools/reference/check_checkpoint.py DIR FORECAST.csv [--futr FUTR.csv] [--df DATA.csv] [--static STATIC.csv]`.
FORECAST.csv has the columns unique_id, ds and one per model output. Quantiles that cross are as the network computes them
(`sortQuantiles: false`): Python does not sort them. Reference: neuralforecast 3.3.0.
"""

import argparse
import sys

import fixture  # noqa: F401  one processor thread, quiet
import numpy as np
import pandas as pd
import slstm_cells  # noqa: F401  sLSTM without CUDA
from neuralforecast import NeuralForecast


def read(path, nf, like: pd.DataFrame | None = None) -> pd.DataFrame | None:
    """A CSV with ids and times of the types the checkpoint has."""
    if path is None:
        return None
    frame = pd.read_csv(path, dtype={nf.id_col: str})
    ids = like[nf.id_col] if like is not None else pd.Series(getattr(nf, "uids", pd.Series([], dtype=str)))
    if pd.api.types.is_integer_dtype(ids):
        frame[nf.id_col] = frame[nf.id_col].astype("int64")
    if nf.time_col in frame and isinstance(nf.freq, str):
        times = frame[nf.time_col]
        if pd.api.types.is_numeric_dtype(times):  # epoch milliseconds
            times = pd.to_datetime(times, unit="ms")
        frame[nf.time_col] = pd.to_datetime(times, utc=True).dt.tz_localize(None)
    return frame


def compare(expected: pd.DataFrame, ours: pd.DataFrame, keys: list, tolerance: float) -> bool:
    """Prints one line per column; true when all agree."""
    columns = [c for c in expected.columns if c not in keys]
    agree = True
    missing = [c for c in columns if c not in ours.columns]
    extra = [c for c in ours.columns if c not in [*columns, *keys]]
    if missing or extra:
        print(f"columns differ: missing {missing}, unexpected {extra}")
        agree = False
    for frame in (expected, ours):
        if frame[keys[1]].dtype.kind == "M":
            frame[keys[1]] = frame[keys[1]].astype("datetime64[ns]")
    merged = expected.merge(ours, on=keys, how="outer", suffixes=("", " (ours)"), indicator="found in")
    unmatched = merged[merged["found in"] != "both"]
    if len(unmatched):
        print(f"{len(unmatched)} rows have no counterpart, the first: {unmatched.iloc[0][[*keys, 'found in']].to_dict()}")
        agree = False
    merged = merged[merged["found in"] == "both"]
    print(f"{'column':<28}{'rows':>6}{'largest':>14}{'max difference':>16}{'relative':>12}")
    for column in columns:
        if column in missing:
            continue
        theirs, mine = merged[column].to_numpy(float), merged[f"{column} (ours)"].to_numpy(float)
        largest = np.abs(theirs).max(initial=0.0)
        difference = np.abs(theirs - mine).max(initial=0.0)
        relative = difference / largest if largest > 0 else difference
        same = bool(len(merged)) and relative <= tolerance  # false for NaN
        agree &= same
        print(f"{column:<28}{len(merged):>6}{largest:>14.6g}{difference:>16.3g}{relative:>12.3g}  {'ok' if same else 'DIFFERS'}")
    return agree


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory")
    parser.add_argument("forecast")
    parser.add_argument("--futr", help="future exogenous values, when the models take any")
    parser.add_argument("--df", help="the series to forecast, when the checkpoint holds no data set")
    parser.add_argument("--static", help="static exogenous values that go with --df")
    parser.add_argument("--tolerance", type=float, default=1e-4, help="of the largest value of a column (default 1e-4)")
    options = parser.parse_args()
    nf = NeuralForecast.load(options.directory)
    futr, df, static = (read(path, nf) for path in (options.futr, options.df, options.static))
    expected = nf.predict(df=df, static_df=static, futr_df=futr)
    ours = read(options.forecast, nf, like=expected)
    sys.exit(0 if compare(expected, ours, [nf.id_col, nf.time_col], options.tolerance) else 1)


if __name__ == "__main__":
    main()
