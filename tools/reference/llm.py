"""Language models for TimeLLM: `core/tests/fixtures/llm/<folder>/`, and `prompts.json`, what it reads of windows.

The models are GPT-2 with random weights and a few numbers per token, in the layout of Hugging Face: `config.json`,
`model.safetensors`, `tokenizer.json`, `tokenizer_config.json`. Their tokenizer is a byte-level BPE trained on prompts.
Reference: neuralforecast 3.3.0, transformers 5.24.0. Run: `python tools/reference/make.py llm`. Format: README.md beside this file.
"""

import json
import shutil

import torch

from fixture import FIXTURES, generator

FOLDER = FIXTURES / "llm"
# The folder, and what differs from a GPT-2.
MODELS = {
    "tiny_gpt2": {},
    # Named as a model with a head; other sizes, activation and scale.
    "other_gpt2": dict(n_embd=12, n_head=3, n_layer=3, n_inner=20, activation_function="gelu", layer_norm_epsilon=1e-3,
                       scale_attn_by_inverse_layer_idx=True),
}
END = "<|endoftext|>"
TEXT = [
    "<|start_prompt|>NoneTask description: forecast the next 12 steps given the previous 24 steps information; Input "
    "statistics: min value -1.5604878664016724, max value 1.7320507764816284, median value 0.09759000688791275, the trend of "
    "input is upward, top 5 lags are : [0, 12, 1, 23, 11]<|<end_prompt>|>",
    "The dataset is monthly passengers of an airline. Task description: forecast the next 6 steps given the previous 12 "
    "steps information; the trend of input is downward",
]
TOKENS = 400


def tokenizer(folder) -> None:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.post_processor = processors.ByteLevel(trim_offsets=False)
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    made.train_from_iterator(TEXT * 2, trainers.BpeTrainer(vocab_size=TOKENS, special_tokens=[END], initial_alphabet=alphabet,
                                                           show_progress=False))
    made.save(str(folder / "tokenizer.json"))
    settings = {"tokenizer_class": "GPT2Tokenizer", "eos_token": END, "bos_token": END, "unk_token": END,
                "model_max_length": 256}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=2) + "\n")


def model(folder, differs: dict) -> None:
    from transformers import GPT2Config, GPT2LMHeadModel, GPT2Model

    torch.manual_seed(0)
    rng = generator(f"llm/{folder.name}")
    config = GPT2Config(**{**dict(n_embd=16, n_layer=2, n_head=2, n_positions=256, vocab_size=TOKENS, resid_pdrop=0.0,
                                  embd_pdrop=0.0, attn_pdrop=0.0, bos_token_id=0, eos_token_id=0), **differs})
    made = (GPT2LMHeadModel if differs else GPT2Model)(config)
    with torch.no_grad():
        for name, weight in made.named_parameters():
            weight.copy_(torch.randn(weight.shape, generator=rng) * 0.25)
            if ".ln_" in name or name.startswith("ln_"):
                weight += float(name.endswith("weight"))
    made.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    (folder / "model.safetensors").chmod(0o644)


def prompts() -> list:
    """What upstream's tokenizer is given for windows, and the tokens it makes of it."""
    import cases

    rows = []
    for name, h, input_size, prefix in [("tiny_gpt2", 4, 16, None), ("other_gpt2", 6, 24, "Weekly sales; 7 steps – ünïcode. "),
                                        ("tiny_gpt2", 12, 9, "")]:
        made = cases.models("timellm")[0].MODEL(h=h, input_size=input_size, llm=name, prompt_prefix=prefix, patch_len=4,
                                                stride=2, d_ff=8, d_llm={"tiny_gpt2": 16}.get(name, 12), n_heads=2, d_model=6,
                                                num_tokens=8, top_k=4)
        rng = generator(f"prompts/{name}/{h}")
        windows = torch.randn(6, input_size, generator=rng) * torch.tensor([1, 1e-4, 1e6, 3, 300, 1]).unsqueeze(1)
        step = torch.tensor([1 / 64, 1 / 2**20, 1.0, 1 / 64, 1 / 4, 1 / 64]).unsqueeze(1)
        windows = (windows / step).round() * step
        windows[5] = 7.0  # a constant series: everything is 0
        windows[3, :] = torch.arange(input_size) % 7  # values that repeat
        seen, tokenize = {}, made.llm_tokenizer

        def spy(texts, **options):
            seen["texts"] = texts
            seen["padded"] = tokenize(texts, **options).input_ids
            return tokenize(texts, **options)

        made.llm_tokenizer = spy
        with torch.no_grad():
            made.forecast(windows.unsqueeze(2))
        rows.append(dict(llm=name, h=h, inputSize=input_size, topK=4, promptPrefix=prefix, windows=windows.tolist(),
                         texts=seen["texts"], tokens=[tokenize(text).input_ids for text in seen["texts"]],
                         padded=seen["padded"].tolist()))
    return rows


def make() -> None:
    for name, differs in MODELS.items():
        folder = FOLDER / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        model(folder, differs)
        tokenizer(folder)
    (FOLDER / "prompts.json").write_text(json.dumps(prompts()) + "\n")
