"""Attention of one head, ours and torch's `scaled_dot_product_attention`, in turns on one thread.

Run: `cargo bench -p neuro-divergent-benches --bench attention --no-run`, then
`python benches/peer/attention.py <the executable that it names>`.
"""

import subprocess
import sys
import time

import torch
import torch.nn.functional as F

torch.set_num_threads(1)
ROUNDS, LENGTHS, WIDTH = 3, (512, 1024, 4096), 64


def torchs(length: int) -> float:
    """Best time of the forward in milliseconds."""
    q, k, v = (torch.rand(1, 1, length, WIDTH) - 0.5 for _ in range(3))
    best = float("inf")
    with torch.no_grad():
        for _ in range(12 if length > 2000 else 60):
            begin = time.perf_counter()
            F.scaled_dot_product_attention(q, k, v)
            best = min(best, 1e3 * (time.perf_counter() - begin))
    return best


def ours() -> dict[int, float]:
    table = subprocess.run([sys.argv[1], "--table"], check=True, capture_output=True, text=True).stdout
    rows = [line.split() for line in table.splitlines()]
    return {int(row[0]): float(row[1]) for row in rows if row and row[0].isdigit()}


def main() -> None:
    here, there = {}, {}
    for _ in range(ROUNDS):
        for length, ms in ours().items():
            here[length] = min(ms, here.get(length, float("inf")))
        for length in LENGTHS:
            there[length] = min(torchs(length), there.get(length, float("inf")))
    for length in LENGTHS:
        print(f"L={length}: ours {here[length]:.2f} ms, torch {there[length]:.2f} ms, ratio {there[length] / here[length]:.2f}")


if __name__ == "__main__":
    main()
