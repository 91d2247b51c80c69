"""Dates of pandas' frequencies: `core/tests/fixtures/calendar.json`.

Made with pandas 3.1.1, as installed with neuralforecast 3.3.0. Run: python tools/reference/frequencies.py
"""

import json
import random
from pathlib import Path

import pandas as pd
from pandas.tseries.frequencies import to_offset

assert pd.__version__ == "3.1.1", pd.__version__

ALIASES = """
    D 2D 7D h 2h 36h min 15min 90min s 30s ms 1500ms 1h30min 1D12h
    W W-MON W-WED W-SAT 2W 3W-FRI
    MS ME 2MS 3MS 5ME 12MS BMS BME 2BMS 3BME
    QS QE QS-FEB QS-MAR QS-OCT QE-JAN QE-NOV QE-MAR 2QS 3QE-FEB BQS BQE BQS-FEB 2BQE-JAN
    YS YE YS-APR YE-MAR YE-FEB 2YS 4YE BYS BYE BYS-JUN BYE-JAN
    B 2B 5B 7B
""".split()
# Old spellings, which pandas no longer reads, and what they were renamed to.
RENAMED = {"H": "h", "T": "min", "S": "s", "L": "ms", "M": "ME", "BM": "BME", "Q": "QE-DEC", "Q-FEB": "QE-FEB",
           "BQ": "BQE-DEC", "Y": "YE-DEC", "A": "YE-DEC", "A-MAR": "YE-MAR", "AS": "YS-JAN", "AS-APR": "YS-APR",
           "BA": "BYE-DEC", "BAS": "BYS-JAN", "3M": "3ME", "15T": "15min"}
STARTS = ["2024-02-29", "2023-02-28", "1900-02-28", "2000-02-29", "2024-01-01", "2023-12-31", "2024-06-01", "2024-03-29",
          "2024-01-31T05:30:00", "2023-07-01T23:59:59", "1969-12-31", "1949-01-01", "2025-11-29", "2024-09-30"]


# Frequencies by the clocks of a zone, and where they begin: before and in both of its changes. Times are UTC in the file.
ZONED = "D 2D h 24h 36h 15min MS ME W W-SAT B QS YE".split()
LOCAL = {
    "Europe/Berlin": ["2024-03-30", "2024-03-30T12:30:00", "2024-03-31T00:45:00", "2024-10-26", "2024-10-26T12:30:00",
                      "2024-10-27T01:45:00"],
    "America/New_York": ["2024-03-09", "2024-03-09T12:30:00", "2024-03-10T01:45:00", "2024-11-02", "2024-11-02T12:30:00",
                         "2024-11-03T00:45:00"],
    "UTC+05:30": ["2024-03-30", "2024-10-26T12:30:00"],
}


def iso(time: pd.Timestamp) -> str:
    time = time.tz_convert(None) if time.tz else time
    return str(time.date()) if time == time.normalize() else time.isoformat(timespec="milliseconds")


def case(alias: str, meaning: str, start: str, zone=None) -> dict:
    offset, time = to_offset(meaning), pd.Timestamp(start, tz=zone and zone.removeprefix("UTC"))
    return {
        **({"zone": zone} if zone else {}),
        "alias": alias,
        "canonical": offset.freqstr,
        "start": iso(time),
        "is_on": bool(offset.is_on_offset(time)),
        "range": [iso(t) for t in pd.date_range(time, periods=5, freq=offset)],
        "steps": [[n, iso(time + n * offset)] for n in (-13, -1, 0, 1, 2, 13)],
    }


def main() -> None:
    random.seed(1)
    cases = [case(alias, alias, start) for alias in ALIASES for start in random.sample(STARTS, 3)]
    cases += [case(old, new, random.choice(STARTS)) for old, new in RENAMED.items()]
    for zone, starts in LOCAL.items():
        cases += [case(alias, alias, start, zone) for alias in ZONED for start in starts]
    path = Path(__file__).parents[2] / "core/tests/fixtures/calendar.json"
    lines = ",\n".join("    " + json.dumps(c) for c in cases)
    path.write_text(f'{{\n  "pandas": "{pd.__version__}",\n  "cases": [\n{lines}\n  ]\n}}\n')


if __name__ == "__main__":
    main()
