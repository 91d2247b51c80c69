"""Times torch's scaled_dot_product_attention: each line of JSON is a case, each answer the seconds that a call took."""

import json
import sys
import time

import torch
from torch.nn.functional import scaled_dot_product_attention

for line in sys.stdin:
    case = json.loads(line)
    torch.set_num_threads(case["threads"])
    shape = (1, case["heads"], case["length"], case["width"])
    inputs = [torch.randn(shape, requires_grad=case["backward"]) for _ in range(3)]
    gradient = torch.randn(shape)
    begin = time.perf_counter()
    for _ in range(case["calls"]):
        output = scaled_dot_product_attention(*inputs, is_causal=case["causal"])
        if case["backward"]:
            torch.autograd.grad(output, inputs, gradient)
    print((time.perf_counter() - begin) / case["calls"], flush=True)
