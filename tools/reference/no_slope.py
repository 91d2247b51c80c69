"""Weights that change nothing: their gradient is 0, and torch's a rounding error, of which Adam makes steps.

Reference: neuralforecast 3.3.0. Imported by other scripts; makes nothing by itself.
"""

from neuralforecast.models import Autoformer, FEDformer, Informer, PatchTST, TimeXer, VanillaTransformer, iTransformer


def no_slope(model) -> list:
    """The names of such parameters of a model.

    A softmax over keys ignores what is added to all of them; one over delays, what is added to all queries or keys. Batch
    normalization ignores what is added to a channel. A season ignores what is added to all steps, and so do all frequencies
    but the first.
    """
    decoded = getattr(model, "label_len", 0) + model.h
    of_patches = flat_of_patches(model) if isinstance(model, PatchTST) else []

    def is_flat(name: str) -> bool:
        if type(model).__name__ == "TimeLLM":
            return name == "reprogramming_layer.key_projection.bias"
        in_encoder = name.startswith("encoder.attn_layers.")
        if isinstance(model, (VanillaTransformer, Informer)):
            distilled = [f"encoder.attn_layers.{i}.norm2.bias" for i in range(len(model.encoder.conv_layers or []))]
            return name.endswith(("key_projection.bias", "downConv.bias")) or name in distilled
        if isinstance(model, (iTransformer, TimeXer)):
            # The weight of a single token is 1.
            single = model.n_series == 1 and model.futr_exog_size + model.hist_exog_size + model.stat_exog_size == 0
            alone = single and "self_attention." not in name and ("query_projection." in name or "key_projection." in name)
            return alone or name.endswith("key_projection.bias")
        if isinstance(model, PatchTST):
            return name in of_patches
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


def flat_of_patches(model) -> list:
    """Those of PatchTST: what is added to all keys, and to a channel before its batch normalization."""
    backbone, layers = "model.backbone", model.model.backbone.encoder.layers
    alone = model.model.backbone.seq_len == 1  # a single patch is mapped linearly to the first normalization
    flat = [f"{backbone}.W_P.bias"] if len(layers) and (alone or layers[0].pre_norm) else []
    flat += [f"{backbone}.W_pos"] if len(layers) and alone else []
    for i, layer in enumerate(layers):
        begins = f"{backbone}.encoder.layers.{i}"
        # The bias of the values reaches every output by as much: the weights sum to 1.
        flat += [f"{begins}.self_attn.{name}.bias" for name in ("W_K", "W_V", "to_out.0")]
        if alone:  # the weight of a single patch is 1
            flat += [f"{begins}.self_attn.{name}" for name in ("W_Q.weight", "W_Q.bias", "W_K.weight")]
        if not layer.pre_norm or i + 1 < len(layers):
            flat.append(f"{begins}.ff.3.bias")
        if alone and not layer.pre_norm and i + 1 < len(layers):
            flat.append(f"{begins}.norm_ffn.1.bias")
    return flat
