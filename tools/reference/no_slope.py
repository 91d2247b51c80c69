"""Weights that change nothing: their gradient is 0, and torch's a rounding error, of which Adam makes steps.

Reference: neuralforecast 3.3.0. Imported by other scripts; makes nothing by itself.
"""

from neuralforecast.models import Autoformer, FEDformer, Informer, VanillaTransformer


def no_slope(model) -> list:
    """The names of such parameters of a model.

    A softmax over keys ignores what is added to all of them; one over delays, what is added to all queries or keys. Batch
    normalization ignores what is added to a channel. A season ignores what is added to all steps, and so do all frequencies
    but the first.
    """
    decoded = getattr(model, "label_len", 0) + model.h

    def is_flat(name: str) -> bool:
        if type(model).__name__ == "TimeLLM":
            return name == "reprogramming_layer.key_projection.bias"
        in_encoder = name.startswith("encoder.attn_layers.")
        if isinstance(model, (VanillaTransformer, Informer)):
            distilled = [f"encoder.attn_layers.{i}.norm2.bias" for i in range(len(model.encoder.conv_layers or []))]
            return name.endswith(("key_projection.bias", "downConv.bias")) or name in distilled
        if not isinstance(model, (Autoformer, FEDformer)):
            return False
        if name.endswith("norm.layernorm.bias") or (in_encoder and name.endswith("out_projection.bias")):
            return True
        if isinstance(model, FEDformer):
            layer, of, _ = name.rsplit(".", 2) if name.endswith("projection.bias") else (None, None, None)
            inner = layer and getattr(model.get_submodule(layer), "inner_correlation", None)
            seen = {"query_projection": ("index", "index_q"), "key_projection": ("index_kv",)}.get(of, ())
            return any(0 not in getattr(inner, index) for index in seen if hasattr(inner, index))
        padded = "cross_attention" in name and decoded > model.input_size  # zeros follow the keys, without the bias
        return (name.endswith("query_projection.bias") or (name.endswith("key_projection.bias") and not padded)
                or (in_encoder and name.endswith("value_projection.bias")))

    return [name for name, _ in model.named_parameters() if is_flat(name)]
