"""Tape operations: `core/tests/fixtures/ops.json`, values and input gradients by torch.

Reference: torch 2.15.0 as neuralforecast 3.3.0 uses it. Run: `python tools/reference/make.py ops`.
"""

import math

import torch
import torch.nn.functional as F
from neuralforecast.common._modules import SeriesDecomp
from neuralforecast.models.autoformer import AutoCorrelation
from neuralforecast.models.informer import ProbAttention
from neuralforecast.models.kan import KANLinear
from neuralforecast.models.rmok import WaveKANLayer
from neuralforecast.models.timesnet import FFT_for_Period
from xlstm.blocks.mlstm.backends import parallel_stabilized_simple
from xlstm.blocks.slstm.src.vanilla import slstm_forward, slstm_pointwise_function_registry

from fixture import generator, write_json
from sampled_keys import sample
from slstm_cells import vanilla
from star_draws import choose


def positive(x):
    return x.abs() + 0.1


def moving_average(x, window):
    """DLinear's trend: ends repeated, then a plain mean (models/dlinear.py, MovingAvg)."""
    side = (window - 1) // 2
    padded = torch.cat([x[:, :1].repeat(1, side), x, x[:, -1:].repeat(1, side)], dim=1)
    return F.avg_pool1d(padded, kernel_size=window, stride=1)


def cubic(x, size):
    """NHITS' cubic interpolation of knots [B, K]: bicubic over one row (models/nhits.py, _IdentityBasis)."""
    return F.interpolate(x[:, None, None, :], size=size, mode="bicubic")[:, 0, 0, :]


def lstm(x, w_ih, w_hh, *rest, bias=True, proj=False, state=False):
    """One nn.LSTM layer, batch first; `rest` holds b_ih, b_hh, then w_hr, then h0, c0, as far as each is present."""
    rest = list(rest)
    weights = [w_ih, w_hh] + [rest.pop(0) for _ in range(2 * bias + proj)]
    batch, hidden = x.shape[0], w_ih.shape[0] // 4
    if state:
        h0, c0 = rest
    else:
        h0, c0 = torch.zeros(batch, w_hh.shape[1]), torch.zeros(batch, hidden)
    output, h_n, c_n = torch._VF.lstm(x, (h0[None], c0[None]), weights, bias, 1, 0.0, True, False, True)
    return output, h_n[0], c_n[0]


def without_cell(kind, x, w_ih, w_hh, *rest, state=False):
    """One nn.GRU or nn.RNN layer, batch first; `rest` holds b_ih, b_hh, then h0, as far as each is present."""
    h0 = rest[-1] if state else torch.zeros(x.shape[0], w_hh.shape[1])
    biases = rest[:2] if len(rest) >= 2 else ()
    return kind(x, h0[None], [w_ih, w_hh, *biases], bool(biases), 1, 0.0, True, False, True)[0]


def recurrent_inputs(gates, bias=True, proj=0, state=False, batch=3, steps=5, features=2, hidden=4):
    out, rows = proj or hidden, gates * hidden
    shapes = {"x": (batch, steps, features), "w_ih": (rows, features), "w_hh": (rows, out)}
    if bias:
        shapes.update(b_ih=(rows,), b_hh=(rows,))
    if proj:
        shapes.update(w_hr=(proj, hidden))
    if state:
        shapes.update(h0=(batch, out))
        if gates == 4:
            shapes.update(c0=(batch, hidden))
    return shapes


def attention(q, k, v, causal=0, band=0):
    """Scaled dot-product attention of heads that lie side by side, [B, L, H, d]; `band` keys up to its own are seen."""
    i, j = torch.arange(q.shape[1])[:, None], torch.arange(k.shape[1])[None, :]
    mask = (i >= j) & (i < j + band) if band else None
    q, k, v = (x.transpose(1, 2) for x in (q, k, v))
    y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=bool(causal))
    return y.transpose(1, 2)


def group_norm(x, weight, groups):
    """Of equal parts of the last axis."""
    return F.group_norm(x.reshape(-1, x.shape[-1]), groups, weight).reshape(x.shape)


def causal_conv(x, weight, bias):
    """A convolution of each channel of [B, T, C] by itself, of each step and those before it."""
    padded = F.pad(x.transpose(1, 2), (weight.shape[2] - 1, 0))
    return F.conv1d(padded, weight, bias, groups=x.shape[2]).transpose(1, 2)


def linear_blocks(x, weight, bias=None):
    """Equal parts of the last axis, each mapped by its own matrix."""
    parts = x.reshape(*x.shape[:-1], weight.shape[0], -1)
    y = torch.einsum("...hd,hod->...ho", parts, weight).reshape(*x.shape[:-1], -1)
    return y if bias is None else y + bias


def mlstm(q, k, v, gates):
    """The memory of an mLSTM for heads that lie side by side, [B, T, H·d], and gates [B, T, 2·H]."""
    heads = gates.shape[2] // 2
    q, k, v = (x.reshape(*x.shape[:2], heads, -1).transpose(1, 2) for x in (q, k, v))
    input_gate, forget_gate = (g.transpose(1, 2).unsqueeze(-1) for g in gates.split(heads, dim=2))
    y = parallel_stabilized_simple(q, k, v, input_gate, forget_gate)
    return y.transpose(1, 2).flatten(2)


def slstm(gates, of_cell, weight, bias):
    """The recurrence of an sLSTM from what the input adds to the gates i and f, and to z and o: [B, T, H·2·d] each."""
    batch, steps, _ = gates.shape
    heads, width = weight.shape[:2]
    pairs = [x.reshape(batch, steps, heads, 2, width) for x in (gates, of_cell)]
    x = torch.cat(pairs, dim=3).permute(1, 0, 3, 2, 4).reshape(steps, batch, -1)
    zeros = torch.zeros(4, batch, heads * width)
    states = slstm_forward(x, zeros, *vanilla(weight, bias), slstm_pointwise_function_registry["slstm"])[0]
    return states[0, 1:].transpose(0, 1)


def prob_attention(q, k, v, causal=0, top=0, sampled=0):
    """Upstream's ProbSparse attention, with the numbers that our evaluation of layer 2 draws."""
    attention = ProbAttention(mask_flag=bool(causal))
    q, k, v = (x.transpose(1, 2) for x in (q, k, v))
    original = torch.randint
    torch.randint = lambda keys, shape: sample(shape, keys, 2)
    try:
        scores, index = attention._prob_QK(q, k, sample_k=sampled, n_top=top)
    finally:
        torch.randint = original
    context = attention._get_initial_context(v, q.shape[2])
    return attention._update_context(context, v, scores / q.shape[3] ** 0.5, index, q.shape[2], None)[0]


def correlation(q, k):
    """Autocorrelation's mean over channels, [B, L], by Fourier transforms as in upstream; an even number of steps."""
    k = F.pad(k[:, : q.shape[1]], (0, 0, 0, max(q.shape[1] - k.shape[1], 0)))
    q, k = (torch.fft.rfft(x.transpose(1, 2)) for x in (q, k))
    return torch.fft.irfft(q * k.conj()).mean(dim=1)


def delay_aggregation(r, v, steps, top):
    """Upstream's aggregation while forecasting: r [B, delays], v [B, S, C]."""
    attention = AutoCorrelation(factor=(top + 0.5) / math.log(steps))
    v = F.pad(v[:, :steps], (0, 0, 0, max(steps - v.shape[1], 0)))
    corr = r[:, None, None, :]
    return attention.time_delay_agg_inference(v.transpose(1, 2)[:, None], corr)[:, 0].transpose(1, 2)


def stochastic_pool(x):
    """The pooling of SOFTS, with the variables that our evaluation of layer 2 draws."""
    shares = x.softmax(1).permute(0, 2, 1).reshape(-1, x.shape[1])
    chosen = choose(shares, 2).view(x.shape[0], -1, 1).permute(0, 2, 1)
    return x.gather(1, chosen).squeeze(1)


def strongest_frequencies(x, count):
    """Spectra [.., F, 2] without all but the `count` largest amplitudes; the first frequency is one of those left out."""
    squares = x.detach().square().sum(-1)
    squares[..., 0] = -1.0
    kept = torch.zeros_like(squares).scatter(-1, squares.topk(count, dim=-1).indices, 1.0)
    return x * kept[..., None]


def strongest_periods(x, count, shared):
    """Amplitudes of the periods of TimesNet in the order of their frequencies. Windows have the same ones if `shared`."""
    def of(part):
        amplitudes = torch.fft.rfft(part, dim=1).abs().mean(-1)
        average = amplitudes.detach().mean(0)
        average[0] = 0
        chosen = average.topk(count).indices.sort().values
        theirs = FFT_for_Period(part, count)[1]
        assert torch.equal(amplitudes[:, chosen].sort(dim=1).values, theirs.sort(dim=1).values)
        return amplitudes[:, chosen]

    return torch.cat([of(part) for part in ([x] if shared else x.split(1))])


def grid_conv(x, weight, bias, frequencies, steps, cells):
    """Convolutions of windows as grids, [count, B, cells, O]; of equal periods of a window only the first."""
    grids = []
    for i in range(len(frequencies[0])):
        for b, own in enumerate(frequencies):
            periods = [steps // f for f in own]
            period = periods[i]
            length = -(-steps // period) * period
            given = x[b] if x.dim() == 3 else x[i, b, :length]
            grid = F.pad(given, (0, 0, 0, length - len(given))).reshape(1, length // period, period, -1).permute(0, 3, 1, 2)
            y = F.conv2d(grid, weight, bias, padding=weight.shape[2] // 2)[0].permute(1, 2, 0).reshape(length, -1)
            grids.append(F.pad(y, (0, 0, 0, cells - length)) * (periods.index(period) == i))
    return torch.stack(grids).reshape(len(frequencies[0]), len(frequencies), cells, -1)


def period_mix(v, weights, frequencies, steps):
    """The sum over the periods of a window, where equal periods have the values of the first."""
    rows = []
    for b, own in enumerate(frequencies):
        periods = [steps // f for f in own]
        rows.append(sum(weights[b, i] * v[periods.index(period), b, :steps] for i, period in enumerate(periods)))
    return torch.stack(rows)


def mean_kernel(*kernels):
    last = kernels[-1].shape[-1]
    return sum(F.pad(kernel, ((last - kernel.shape[-1]) // 2,) * 4) for kernel in kernels) / len(kernels)


def complex_tanh(x):
    re, im = x.chunk(2, dim=-1)
    y = torch.complex(re, im).tanh()
    return torch.cat([y.real, y.imag], dim=-1)


def decomposition(x, window, remainder):
    rest, trend = SeriesDecomp(window)(x)
    return rest if remainder else trend


def spline_functions(x, order, grid):
    """The functions that KAN's layer is linear in, [B, 1 + splines, n]; each column has knots of its own."""
    layer = KANLinear(x.shape[1], 1, grid_size=len(grid[0]) - 1 - 2 * order, spline_order=order)
    layer.grid = torch.tensor(grid)
    return torch.cat([F.silu(x)[:, None], layer.b_splines(x).transpose(1, 2)], dim=1)


def spline_case(name, order, knots, columns=3):
    grid = [[0.5 * (i - (knots - 1) / 2) + 0.125 * column for i in range(knots)] for column in range(columns)]
    return (name, "spline_functions", dict(order=order, grid=grid), {"x": (6, columns)}, lambda x: spline_functions(x, order, grid))


def wavelet_sums(x, t, s, w, wavelet):
    """RMoK's sums of wavelets. Upstream's window of the Shannon wavelet is no part of our operation: it is divided out."""
    layer = WaveKANLayer(x.shape[1], t.shape[0], wavelet_type=wavelet, with_bn=False)
    if wavelet == "shannon":
        w = w / torch.hamming_window(x.shape[1], periodic=False)
    return torch.func.functional_call(layer, dict(translation=t, scale=s, wavelet_weights=w), (x,))


HEADS = {"q": (2, 5, 2, 4), "k": (2, 6, 2, 4), "v": (2, 6, 2, 3)}
def batch_norm(name, shape, training):
    """A case of batch normalisation over axis 1; without `training` by the statistics among its attributes."""
    rng = generator(f"ops/{name}/running")
    mean, variance = torch.randn(shape[1], generator=rng), positive(torch.randn(shape[1], generator=rng))
    running = {} if training else dict(mean=mean.tolist(), variance=variance.tolist())
    return (name, "batch_norm", dict(training=training, eps=1e-5, **running),
            {"x": shape, "weight": (shape[1],), "bias": (shape[1],)},
            lambda x, w, b: F.batch_norm(x, mean, variance, w, b, training, 0.0, 1e-5))


def conv(name, kernel, padding=(0, 0), edge="constant", stride=1, dilation=1, bias=True, time_first=False):
    """A case of convolution over x `[B, C, T]`, or `[T, B, C]` with `time_first`; `padding` before and after in time."""
    batch, channels, steps, outputs = 2, 3, 9, 4
    shapes = {"x": (steps, batch, channels) if time_first else (batch, channels, steps), "weight": (outputs, channels, kernel)}
    if bias:
        shapes["bias"] = (outputs,)

    def function(x, weight, bias=None):
        x = x.permute(1, 2, 0) if time_first else x
        y = F.conv1d(F.pad(x, padding, edge), weight, bias, stride=stride, dilation=dilation)
        return y.permute(2, 0, 1) if time_first else y

    attributes = dict(padding=list(padding), edge=edge, stride=stride, dilation=dilation, timeFirst=time_first)
    return name, "conv", attributes, shapes, function


X = {"x": (3, 7)}
CODES = torch.tensor([[4, 0, 1], [1, 1, 3]])  # a row that is taken several times, and one that never is
# name, op, attributes, shapes of the inputs, what torch does; inputs are standard normal unless `prepare` says otherwise
CASES = [
    ("attention", "attention", {"causal": 0, "band": 0}, HEADS, attention),
    ("attention_causal", "attention", {"causal": 1, "band": 0}, HEADS, lambda q, k, v: attention(q, k, v, causal=1)),
    ("attention_band", "attention", {"causal": 0, "band": 2}, HEADS, lambda q, k, v: attention(q, k, v, band=2)),
    ("prob_attention", "prob_attention", {"causal": 0, "sampled": 4, "top": 3}, HEADS,
     lambda q, k, v: prob_attention(q, k, v, sampled=4, top=3)),
    ("prob_attention_causal", "prob_attention", {"causal": 1, "sampled": 3, "top": 2}, {name: (2, 7, 2, 4) for name in "qkv"},
     lambda q, k, v: prob_attention(q, k, v, causal=1, sampled=3, top=2)),
    ("prob_attention_one_query", "prob_attention", {"causal": 0, "sampled": 9, "top": 1}, HEADS,
     lambda q, k, v: prob_attention(q, k, v, sampled=9, top=1)),
    ("max_pool_steps", "max_pool_steps", {"size": 3, "stride": 2, "padding": 1}, {"x": (2, 7, 3)},
     lambda x: F.max_pool1d(x.transpose(1, 2), 3, 2, 1).transpose(1, 2)),
    ("max_pool_steps_even", "max_pool_steps", {"size": 3, "stride": 2, "padding": 1}, {"x": (2, 8, 3)},
     lambda x: F.max_pool1d(x.transpose(1, 2), 3, 2, 1).transpose(1, 2)),
    ("max_pool_steps_wide", "max_pool_steps", {"size": 4, "stride": 1, "padding": 2}, {"x": (1, 3, 2)},
     lambda x: F.max_pool1d(x.transpose(1, 2), 4, 1, 2).transpose(1, 2)),
    ("stochastic_pool", "stochastic_pool", {}, {"x": (4, 3, 19)}, stochastic_pool),
    ("stochastic_pool_of_one", "stochastic_pool", {}, {"x": (2, 1, 3)}, stochastic_pool),
    *[(f"strongest_frequencies_{count}", "strongest_frequencies", {"count": count}, {"x": (3, 7, 2)},
       lambda x, count=count: strongest_frequencies(x, count)) for count in (2, 6)],
    *[(f"strongest_periods_{name}", "strongest_periods", {"count": count, "shared": shared}, {"x": shape},
       lambda x, count=count, shared=shared: strongest_periods(x, count, shared))
      for name, count, shared, shape in (("even", 2, 1, (3, 12, 4)), ("odd", 3, 1, (2, 9, 3)), ("own", 2, 0, (4, 11, 5)),
                                         ("all", 3, 0, (1, 6, 19)))],
    *[(f"grid_conv_{name}", "grid_conv", {"frequencies": frequencies, "steps": steps},
       {"x": (len(frequencies[0]), len(frequencies), cells, channels) if each else (len(frequencies), steps, channels),
        "weight": (outputs, channels, kernel, kernel), "bias": (outputs,)},
       lambda x, w, b, f=frequencies, steps=steps, cells=cells: grid_conv(x, w, b, f, steps, cells))
      for name, steps, cells, frequencies, each, (channels, outputs), kernel in (
          ("of_windows", 12, 12, [[1, 5], [1, 5]], False, (3, 2), 3), ("of_grids", 12, 12, [[3, 4], [3, 4]], True, (2, 3), 3),
          ("that_differ", 11, 15, [[1, 2, 3], [2, 4, 5], [2, 3, 5]], True, (2, 2), 5),
          ("of_equal_periods", 12, 12, [[2, 5, 6], [4, 5, 6]], False, (2, 17), 3), ("one_tap", 7, 9, [[2]], False, (5, 4), 1),
          ("wider_than_the_grid", 6, 6, [[1, 3], [2, 3]], True, (2, 2), 9))],
    *[(f"period_mix_{name}", "period_mix", {"frequencies": frequencies, "steps": steps},
       {"v": (len(frequencies[0]), len(frequencies), cells, 3), "weights": (len(frequencies), len(frequencies[0]))},
       lambda v, w, f=frequencies, steps=steps: period_mix(v, w, f, steps))
      for name, steps, cells, frequencies in (("of_windows", 12, 12, [[1, 5], [1, 5]]), ("equal", 12, 12, [[2, 5, 6], [1, 2, 5]]))],
    ("mean_kernel", "mean_kernel", {}, {f"w{i}": (3, 2, 2 * i + 1, 2 * i + 1) for i in range(3)}, mean_kernel),
    ("mean_kernel_of_one", "mean_kernel", {}, {"w0": (3, 2, 1, 1)}, mean_kernel),
    ("complex_tanh", "complex_tanh", {}, {"x": (3, 8)}, complex_tanh),
    ("correlation", "correlation", {}, {"q": (2, 6, 3), "k": (2, 6, 3)}, correlation),
    ("correlation_of_fewer_keys", "correlation", {}, {"q": (2, 6, 3), "k": (2, 4, 3)}, correlation),
    ("correlation_of_more_keys", "correlation", {}, {"q": (2, 4, 3), "k": (2, 7, 3)}, correlation),
    ("delay_aggregation", "delay_aggregation", {"steps": 6, "top": 3}, {"r": (2, 6), "v": (2, 6, 3)},
     lambda r, v: delay_aggregation(r, v, 6, 3)),
    ("delay_aggregation_of_fewer_values", "delay_aggregation", {"steps": 7, "top": 4}, {"r": (2, 6), "v": (2, 5, 3)},
     lambda r, v: delay_aggregation(r, v, 7, 4)),
    ("delay_aggregation_of_more_values", "delay_aggregation", {"steps": 4, "top": 1}, {"r": (3, 4), "v": (3, 6, 2)},
     lambda r, v: delay_aggregation(r, v, 4, 1)),
    ("moving_average_steps", "moving_average_steps", {"window": 5, "remainder": 0}, {"x": (2, 9, 3)},
     lambda x: decomposition(x, 5, False)),
    ("moving_average_steps_wide", "moving_average_steps", {"window": 25, "remainder": 0}, {"x": (2, 9, 19)},
     lambda x: decomposition(x, 25, False)),
    ("above_moving_average", "moving_average_steps", {"window": 7, "remainder": 1}, {"x": (2, 12, 17)},
     lambda x: decomposition(x, 7, True)),
    ("above_moving_average_of_one", "moving_average_steps", {"window": 3, "remainder": 1}, {"x": (2, 2, 3)},
     lambda x: decomposition(x, 3, True)),
    ("add", "add", {}, {"a": (3, 4), "b": (3, 4)}, lambda a, b: a + b),
    ("add_row", "add", {}, {"a": (3, 4), "b": (4,)}, lambda a, b: a + b),
    ("add_column", "add", {}, {"a": (3, 4), "b": (3, 1)}, lambda a, b: a + b),
    ("sub_middle", "sub", {}, {"a": (2, 3, 4), "b": (2, 1, 4)}, lambda a, b: a - b),
    ("sub_outer", "sub", {}, {"a": (3, 1), "b": (1, 4)}, lambda a, b: a - b),
    ("mul", "mul", {}, {"a": (3, 4), "b": (3, 4)}, lambda a, b: a * b),
    ("mul_outer", "mul", {}, {"a": (3, 1), "b": (1, 4)}, lambda a, b: a * b),
    ("mul_scalar_shape", "mul", {}, {"a": (2, 3, 4), "b": (1,)}, lambda a, b: a * b),
    ("div_row", "div", {}, {"a": (3, 4), "b": (4,)}, lambda a, b: a / b),
    ("div_column", "div", {}, {"a": (3, 4), "b": (3, 1)}, lambda a, b: a / b),
    ("div_of_scalar", "div", {}, {"a": (1,), "b": (2, 3)}, lambda a, b: a / b),
    ("sub_row_of_column", "sub", {}, {"a": (4, 1), "b": (2, 4, 3)}, lambda a, b: a - b),
    ("mul_middle", "mul", {}, {"a": (2, 1, 4), "b": (2, 3, 4)}, lambda a, b: a * b),
    ("add_of_ranks", "add", {}, {"a": (5,), "b": (2, 3, 1)}, lambda a, b: a + b),
    ("add_scalar", "add_scalar", {"number": -1.5}, X, lambda x: x - 1.5),
    ("clamp", "clamp", {"low": 0.0, "high": 1.25}, X, lambda x: x.clamp(0.0, 1.25)),
    ("matmul", "matmul", {}, {"a": (3, 5), "b": (5, 4)}, lambda a, b: a @ b),
    ("matmul_batched", "matmul", {}, {"a": (2, 3, 5), "b": (2, 5, 4)}, lambda a, b: a @ b),
    ("matmul_3d_2d", "matmul", {}, {"a": (2, 3, 4), "b": (4, 3)}, lambda a, b: a @ b),
    ("matmul_4d", "matmul", {}, {"a": (2, 2, 3, 2), "b": (2, 2, 2, 1)}, lambda a, b: a @ b),
    ("linear", "linear", {}, {"x": (3, 5), "weight": (4, 5), "bias": (4,)}, F.linear),
    ("linear_3d", "linear", {}, {"x": (2, 3, 5), "weight": (4, 5), "bias": (4,)}, F.linear),
    ("linear_no_bias", "linear", {}, {"x": (3, 5), "weight": (4, 5)}, F.linear),
    ("linear_first", "linear_first", {}, {"x": (5, 2, 3), "weight": (4, 5), "bias": (4,)},
     lambda x, w, b: F.linear(x.permute(1, 2, 0), w, b).permute(2, 0, 1)),
    ("linear_first_no_bias", "linear_first", {}, {"x": (3, 4), "weight": (2, 3)}, lambda x, w: w @ x),
    ("relu", "relu", {}, X, F.relu),
    ("leaky_relu", "leaky_relu", {"slope": 0.01}, X, F.leaky_relu),
    ("elu", "elu", {"alpha": 1.0}, X, F.elu),
    ("selu", "selu", {}, X, F.selu),
    ("gelu", "gelu", {}, X, F.gelu),
    ("silu", "silu", {}, X, F.silu),
    ("mish", "mish", {}, X, F.mish),
    ("softplus", "softplus", {"beta": 1.0, "threshold": 20.0}, X, F.softplus),
    ("sigmoid", "sigmoid", {}, X, torch.sigmoid),
    ("tanh", "tanh", {}, X, torch.tanh),
    ("softsign", "softsign", {}, X, F.softsign),
    ("log_sigmoid", "log_sigmoid", {}, X, F.logsigmoid),
    ("hardshrink", "hardshrink", {"lambda": 0.5}, X, F.hardshrink),
    ("softshrink", "softshrink", {"lambda": 0.5}, X, F.softshrink),
    ("hardtanh", "hardtanh", {"min": -1.0, "max": 1.0}, X, F.hardtanh),
    ("hardswish", "hardswish", {}, X, F.hardswish),
    ("celu", "celu", {"alpha": 1.0}, X, F.celu),
    ("rrelu", "rrelu", {"lower": 0.125, "upper": 1 / 3, "training": False}, X, F.rrelu),
    ("cosines", "cosines", {"count": 5}, {"x": (6,)}, lambda x: torch.cos(x[:, None] * torch.arange(5) * torch.pi)),
    ("exp", "exp", {}, X, torch.exp),
    ("log", "log", {}, X, torch.log),
    ("sqrt", "sqrt", {}, X, torch.sqrt),
    ("abs", "abs", {}, X, torch.abs),
    ("square", "square", {}, X, torch.square),
    ("neg", "neg", {}, X, torch.neg),
    ("prelu", "prelu", {}, {"x": (3, 7), "weight": (1,)}, F.prelu),
    ("rfft_even", "rfft", {}, {"x": (2, 3, 8)}, lambda x: torch.view_as_real(torch.fft.rfft(x))),
    ("rfft_odd", "rfft", {}, {"x": (3, 7)}, lambda x: torch.view_as_real(torch.fft.rfft(x))),
    ("rfft_one", "rfft", {}, {"x": (3, 1)}, lambda x: torch.view_as_real(torch.fft.rfft(x))),
    ("irfft_even", "irfft", {"n": 8}, {"x": (2, 5, 2)}, lambda x: torch.fft.irfft(torch.view_as_complex(x), n=8)),
    ("irfft_odd", "irfft", {"n": 7}, {"x": (2, 2, 4, 2)}, lambda x: torch.fft.irfft(torch.view_as_complex(x), n=7)),
    ("softmax_last", "softmax", {"axis": 1}, {"x": (3, 5)}, lambda x: F.softmax(x, 1)),
    ("softmax_middle", "softmax", {"axis": 1}, {"x": (2, 4, 3)}, lambda x: F.softmax(x, 1)),
    ("log_softmax", "log_softmax", {}, {"x": (2, 3, 5)}, lambda x: F.log_softmax(x, -1)),
    spline_case("spline_functions", 3, 12), spline_case("spline_functions_linear", 1, 5), spline_case("spline_functions_of_few", 2, 6),
    spline_case("spline_functions_high", 6, 16, columns=17),
    *[(f"wavelet_sums_{wavelet}", "wavelet_sums", {"wavelet": wavelet}, {"x": (3, 19), "t": (2, 19), "s": (2, 19), "w": (2, 19)},
       lambda *x, wavelet=wavelet: wavelet_sums(*x, wavelet)) for wavelet in ("mexican_hat", "morlet", "dog", "meyer", "shannon")],
    ("layer_norm", "layer_norm", {"eps": 1e-5}, {"x": (3, 6), "weight": (6,), "bias": (6,)},
     lambda x, w, b: F.layer_norm(x, (6,), w, b)),
    batch_norm("batch_norm", (6, 4), True), batch_norm("batch_norm_3d", (3, 4, 5), True),
    batch_norm("batch_norm_fixed", (6, 4), False), batch_norm("batch_norm_fixed_3d", (3, 4, 5), False),
    conv("conv", 3), conv("conv_same", 3, (1, 1)), conv("conv_pointwise_no_bias", 1, bias=False),
    conv("conv_causal", 2, (4, 0), dilation=4), conv("conv_ahead", 2, (0, 4), dilation=4),
    conv("conv_stride", 3, (0, 3), stride=2, dilation=2), conv("conv_wider_than_input", 2, (16, 0), dilation=16),
    conv("conv_circular", 3, (1, 1), "circular", bias=False), conv("conv_circular_2", 3, (2, 2), "circular"),
    conv("conv_replicate", 4, (2, 1), "replicate"),
    conv("conv_time_first", 3, time_first=True), conv("conv_causal_time_first", 2, (4, 0), dilation=4, time_first=True),
    conv("conv_ahead_time_first", 2, (0, 4), dilation=4, time_first=True, bias=False),
    conv("conv_stride_time_first", 3, (0, 3), stride=2, dilation=2, time_first=True),
    ("layer_norm_3d", "layer_norm", {"eps": 1e-3}, {"x": (2, 3, 18), "weight": (18,), "bias": (18,)},
     lambda x, w, b: F.layer_norm(x, (18,), w, b, eps=1e-3)),
    *[(f"group_norm{name}", "group_norm", {"groups": groups, "eps": 1e-5}, {"x": (2, 3, 6), "weight": (6,)},
       lambda x, w, groups=groups: group_norm(x, w, groups)) for name, groups in (("", 2), ("_of_rows", 1))],
    ("skip_gate", "skip_gate", {}, {"x": (2, 3, 5), "weight": (5,), "skip": (2, 3, 5), "gate": (2, 3, 5)},
     lambda x, w, r, z: (x + w * r) * F.silu(z)),
    *[(f"causal_conv{name}", "causal_conv", {}, {"x": (2, steps, 5), "weight": (5, 1, 4), "bias": (5,)}, causal_conv)
      for name, steps in (("", 7), ("_of_few_steps", 2))],
    *[(f"linear_blocks{name}", "linear_blocks", {}, {"x": (2, 3, count * inputs), "weight": (count, outputs, inputs), **bias},
       linear_blocks) for name, count, outputs, inputs, bias in (
        ("", 5, 4, 4, {}), ("_bias", 5, 4, 4, {"bias": (20,)}), ("_wide", 2, 9, 9, {}), ("_wide_bias", 3, 2, 5, {"bias": (6,)}))],
    *[(f"mlstm{name}", "mlstm", {}, {**{x: (batch, steps, 2 * width) for x in "qkv"}, "gates": (batch, steps, 4)}, mlstm)
      for name, batch, steps, width in (("", 2, 5, 3), ("_one_step", 2, 1, 3), ("_many_steps", 1, 66, 1))],
    *[(f"slstm{name}", "slstm", {}, {"gates": (2, steps, 12), "cell_gates": (2, steps, 12), "weight": (2, 3, 12), "bias": (24,)}, slstm)
      for name, steps in (("", 5), ("_many_steps", 24))],
    *[(f"max_{axis}", "max", {"axis": axis}, {"x": (3, 4, 2)}, lambda x, axis=axis: x.max(axis).values) for axis in range(3)],
    ("max_of_equals", "max", {"axis": 1}, {"x": (3, 5)}, lambda x: x.max(1).values),
    *[(f"variance_{axis}", "variance", {"axis": axis}, {"x": (3, 4, 2)},
       lambda x, axis=axis: x.var(axis, unbiased=False)) for axis in range(3)],
    ("sum_0", "sum", {"axis": 0}, {"x": (3, 4, 2)}, lambda x: x.sum(0)),
    ("sum_1", "sum", {"axis": 1}, {"x": (3, 4, 2)}, lambda x: x.sum(1)),
    ("sum_2", "sum", {"axis": 2}, {"x": (3, 4, 2)}, lambda x: x.sum(2)),
    ("sum_all", "sum_all", {}, {"x": (3, 4)}, lambda x: x.sum()),
    ("mean_0", "mean", {"axis": 0}, {"x": (3, 4, 2)}, lambda x: x.mean(0)),
    ("mean_1", "mean", {"axis": 1}, {"x": (3, 4, 2)}, lambda x: x.mean(1)),
    ("mean_2", "mean", {"axis": 2}, {"x": (3, 4, 2)}, lambda x: x.mean(2)),
    ("mean_all", "mean_all", {}, {"x": (3, 4)}, lambda x: x.mean()),
    ("concat_last", "concat", {"axis": 1}, {"a": (3, 2), "b": (3, 4), "c": (3, 1)}, lambda *x: torch.cat(x, 1)),
    ("concat_middle", "concat", {"axis": 1}, {"a": (2, 2, 3), "b": (2, 1, 3)}, lambda *x: torch.cat(x, 1)),
    ("concat_0", "concat", {"axis": 0}, {"a": (2, 3), "b": (1, 3)}, lambda *x: torch.cat(x, 0)),
    ("slice_last", "slice", {"axis": 1, "start": 2, "end": 5}, X, lambda x: x[:, 2:5]),
    ("slice_middle", "slice", {"axis": 1, "start": 1, "end": 3}, {"x": (2, 4, 3)}, lambda x: x[:, 1:3]),
    ("flip", "flip", {"axis": 1}, X, lambda x: x.flip(1)),
    ("flip_middle", "flip", {"axis": 1}, {"x": (2, 4, 3)}, lambda x: x.flip(1)),
    ("embedding", "embedding", {"codes": CODES.tolist(), "shape": list(CODES.shape)}, {"weight": (5, 3)},
     lambda weight: F.embedding(CODES, weight)),
    ("flip_0", "flip", {"axis": 0}, {"x": (3, 4)}, lambda x: x.flip(0)),
    ("transpose", "permute", {"axes": [1, 0]}, X, lambda x: x.t()),
    ("permute_021", "permute", {"axes": [0, 2, 1]}, {"x": (2, 4, 3)}, lambda x: x.permute(0, 2, 1)),
    ("permute_120", "permute", {"axes": [1, 2, 0]}, {"x": (2, 4, 3)}, lambda x: x.permute(1, 2, 0)),
    ("permute_0213", "permute", {"axes": [0, 2, 1, 3]}, {"x": (2, 3, 2, 5)}, lambda x: x.permute(0, 2, 1, 3)),
    ("permute_3120", "permute", {"axes": [3, 1, 2, 0]}, {"x": (2, 3, 1, 5)}, lambda x: x.permute(3, 1, 2, 0)),
    ("permute_10", "permute", {"axes": [1, 0]}, {"x": (19, 17)}, lambda x: x.t()),
    ("repeat_middle", "repeat", {"axis": 1, "times": 4}, {"x": (3, 1, 2)}, lambda x: x.repeat(1, 4, 1)),
    *[(f"{kind}_pool_{length}_{kernel}", f"{kind}_pool1d", {"kernel": kernel, "stride": kernel, "ceilMode": True},
       {"x": (2, 3, length)},
       lambda x, kind=kind, kernel=kernel: getattr(F, f"{kind}_pool1d")(x, kernel, kernel, ceil_mode=True))
      for kind in ("max", "avg") for length, kernel in ((8, 2), (7, 2), (10, 4), (9, 4), (5, 1), (3, 5))],
    *[(f"interpolate_{mode}_{knots}_{size}", "interpolate", {"mode": mode, "size": size}, {"x": (2, 2, knots)},
       lambda x, mode=mode, size=size: F.interpolate(x, size=size, mode=mode))
      for mode in ("nearest", "linear") for knots, size in ((1, 5), (2, 7), (3, 7), (3, 12), (6, 6), (5, 3))],
    *[(f"interpolate_cubic_{knots}_{size}", "interpolate", {"mode": "cubic", "size": size}, {"x": (2, knots)},
       lambda x, size=size: cubic(x, size)) for knots, size in ((1, 5), (2, 7), (3, 7), (3, 12), (6, 6), (5, 3))],
    *[(f"moving_average_{length}_{window}", "moving_average", {"window": window}, {"x": (3, length)},
       lambda x, window=window: moving_average(x, window)) for length, window in ((12, 5), (8, 25), (6, 1), (5, 3))],
    *[(name, "lstm", dict(bias=bias, projSize=proj, state=state), recurrent_inputs(4, bias, proj, state),
       lambda *x, bias=bias, proj=proj, state=state: lstm(*x, bias=bias, proj=bool(proj), state=state))
      for name, bias, proj, state in (
          ("lstm", True, 0, False), ("lstm_state", True, 0, True), ("lstm_no_bias", False, 0, False),
          ("lstm_proj", True, 1, False), ("lstm_proj_state", True, 3, True), ("lstm_proj_no_bias", False, 2, True))],
    *[(f"{op}{name}", op, dict(bias=bias, state=state), recurrent_inputs(gates, bias, 0, state, **sizes),
       lambda *x, kind=kind, state=state: without_cell(kind, *x, state=state))
      for op, gates, kind in (("gru", 3, torch._VF.gru), ("rnn", 1, torch._VF.rnn_tanh))
      for name, bias, state, sizes in (
          ("", True, False, {}), ("_state", True, True, {}), ("_no_bias", False, False, {}),
          ("_no_bias_state", False, True, {}), ("_one_row", True, True, dict(batch=1, hidden=5)),
          ("_one_step", True, True, dict(steps=1)), ("_wide", True, False, dict(batch=7, steps=3, features=9, hidden=6)))],
]


def input_values(name: str, op: str, shapes: dict) -> dict:
    rng = generator(f"ops/{name}")
    values = {key: torch.randn(shape, generator=rng) for key, shape in shapes.items()}
    if op in ("log", "sqrt"):
        values["x"] = positive(values["x"])
    elif op == "div":
        values["b"] = positive(values["b"])
    elif op == "wavelet_sums":
        values["s"] = positive(values["s"]) + 1.0
    elif name == "max_of_equals":
        values["x"] = (values["x"] * 1.5).round()
        values["x"][0] = torch.tensor([1.0, 2.0, 2.0, -1.0, 2.0])
    elif op == "prelu":
        values["weight"] = torch.tensor([0.25])
    elif op in ("lstm", "gru", "rnn"):
        values = {key: value * (1.0 if key in ("x", "h0", "c0") else 0.5) for key, value in values.items()}
    elif list(shapes) == ["x"] and shapes["x"] == (3, 7):  # unary: far values, exact zeros and a tail too
        scale = 1.0 if op == "exp" else 2.0
        values["x"] *= scale
        values["x"][0, 0] = 0.0
        values["x"][0, 1], values["x"][0, 2] = (4.0, -9.0) if op == "exp" else (25.0, -25.0)
    return values


def make_case(name, op, attributes, shapes, function) -> dict:
    values = {key: value.requires_grad_() for key, value in input_values(name, op, shapes).items()}
    outputs = function(*values.values())
    names = ("output", "h_n", "c_n") if isinstance(outputs, tuple) else ("output",)
    outputs = outputs if isinstance(outputs, tuple) else (outputs,)
    rng = generator(f"ops/{name}/grad")
    upstream = [torch.randn(output.shape, generator=rng) for output in outputs]
    torch.autograd.backward(outputs, upstream)

    def entry(key, value, grad):
        return dict(name=key, shape=list(value.shape), data=value.reshape(-1), grad=grad.reshape(-1))

    return dict(name=name, op=op, attributes=attributes,
                inputs=[entry(key, value, value.grad) for key, value in values.items()],
                outputs=[entry(key, value, grad) for key, value, grad in zip(names, outputs, upstream)])


def make() -> None:
    write_json("ops.json", {
        "reference": "torch 2.15.0",
        "format": "data and grad are flat, row-major; an input's grad is d(sum(output * output grad)) / d input",
        "cases": [make_case(*case) for case in CASES],
    })
