"""Upstream's TimeLLM with what it fixes as arguments, so that fixtures are small and exact.

- `num_tokens` (its 1024 prototypes) and `attention_dropout` (its 0.1 in the layer that reprograms patches).
- Windows of L steps correlate equally at the lags k and L - k. Upstream's Fourier transform orders such lags by its rounding errors; here,
  and in our model, the smaller one comes first.
- torch's square root in f32 may be off in the last bit, and so the digits in prompts. Here it is rounded correctly.
- `llm` is a folder in `core/tests/fixtures/llm`.

Reference: neuralforecast 3.3.0. Imported by `cases/timellm.py`.
"""

import contextlib
import io

import torch
from neuralforecast.common._modules import RevIN
from neuralforecast.models import TimeLLM as Upstream

from fixture import FIXTURES


class ExactRevIN(RevIN):
    def _get_statistics(self, x):
        super()._get_statistics(x)
        variance = torch.var(x, dim=1, keepdim=True, unbiased=False) + self.eps
        self.stdev = variance.double().sqrt().float().detach()


class TimeLLM(Upstream):
    # Multiples of 1/64: their means are the same numbers however they are summed, and so are the digits in prompts.
    EXACT_WINDOWS = True

    def __init__(self, *args, num_tokens=1024, attention_dropout=0.1, llm="tiny_gpt2", **kwargs):
        with contextlib.redirect_stdout(io.StringIO()):  # it says what it loads
            super().__init__(*args, llm=str(FIXTURES / "llm" / llm), **kwargs)
        self.normalize_layers = ExactRevIN(self.enc_in, affine=False)
        self.num_tokens = num_tokens
        self.mapping_layer = torch.nn.Linear(self.vocab_size, num_tokens)
        self.reprogramming_layer.dropout.p = attention_dropout

    def forecast(self, x_enc):
        first, last = x_enc[:, 0], x_enc[:, -1]
        constant = (x_enc == x_enc[:, :1]).all(dim=1)
        assert ((first != last) | constant).all(), "the trend of a window that ends where it begins is a rounding error"
        return super().forecast(x_enc)

    def calcute_lags(self, x_enc):
        power = torch.fft.rfft(x_enc.squeeze(2).double(), dim=1).abs().square()
        correlations = torch.fft.irfft(power, dim=1)  # of an odd length, for one step less
        lags = torch.arange(correlations.shape[1])
        correlations = correlations[:, torch.minimum(lags, len(lags) - lags)]
        correlations = (correlations / correlations[:, :1].clamp(min=1e-300) * 1e9).round()
        ours = torch.sort(correlations, dim=1, descending=True, stable=True).indices[:, : self.top_k]
        theirs = super().calcute_lags(x_enc)
        for window, a, b in zip(correlations, ours, theirs):
            assert torch.allclose(window[a], window[b], atol=1e4), "upstream's lags correlate as much"
        return ours

