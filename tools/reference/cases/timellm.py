"""TimeLLM: which of its variants have fixtures. Format: `__init__.py`."""

from neuralforecast.losses.pytorch import MSE, HuberLoss

from timellm import TimeLLM

from . import SHORT

MODEL = TimeLLM

TINY = dict(llm="tiny_gpt2", d_llm=16, d_ff=8, d_model=6, n_heads=2, patch_len=4, stride=2, num_tokens=8, dropout=0.0,
            attention_dropout=0.0)
PLAIN = dict(TINY, h=4, input_size=12)

FORWARD = [
    (PLAIN, [
        ("plain", {}),
        ("prefix", dict(prompt_prefix="Monthly passengers, in thousands. ")),
        ("patches_that_overlap_by_less", dict(patch_len=5, stride=4, input_size=15)),
        ("patches_longer_than_the_window", dict(patch_len=10, stride=6, input_size=8)),
        ("three_heads_all_channels", dict(n_heads=3, d_ff=16, d_model=7)),
        ("other_gpt2", dict(llm="other_gpt2", d_llm=12, d_ff=5, top_k=3, loss=MSE())),
        ("one_lag_h_1", dict(top_k=1, h=1, input_size=9, loss=HuberLoss())),
    ]),
]

# Upstream pads the prompts of a batch to the longest. Ours does while it trains; a forecast does not depend on other windows.
TRAIN = dict(SHORT, **TINY, inference_windows_batch_size=1)

TRAINING = [
    ("timellm_identity", TRAIN),
    ("timellm_prefix_huber", dict(TRAIN, prompt_prefix="Seasonal. ", loss=HuberLoss(), valid_loss=MSE(), top_k=3, stride=3)),
]
