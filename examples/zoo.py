"""Models of `timm` and `transformers`, built without a download, as shipped and with mistakes.

    pip install torch timm transformers
    winit probe examples/zoo.py:gpt2 --input 'int:4,64<1000' --loss cross_entropy
    python examples/zoo.py          # all of them, and what is found in each

As shipped none has a warning. Each mistake is planted in the models that can have it; the program
says whether winit names it, and what winit says beside it.
"""

from __future__ import annotations

import sys
from copy import deepcopy

import timm
import torch
from torch import nn
from transformers import BertConfig, BertForMaskedLM, GPT2Config, GPT2LMHeadModel

import weightinit_cli as winit

IMAGES, TOKENS = "8,3,64,64", "int:4,64<1000"


def resnet18():
    """ResNet-18 for 100 classes."""
    return timm.create_model("resnet18", num_classes=100)


def vit_tiny():
    """ViT-Ti, 12 blocks of width 192, on images of 64 × 64."""
    return timm.create_model("vit_tiny_patch16_224", img_size=64, num_classes=100)


def gpt2():
    """GPT-2 with 12 blocks of width 192."""
    shape = {"n_layer": 12, "n_embd": 192, "n_head": 6, "n_positions": 64, "vocab_size": 1000}
    return GPT2LMHeadModel(GPT2Config(**shape, bos_token_id=0, eos_token_id=0))


def bert():
    """BERT with 6 blocks of width 192, post-norm, which fills in masked tokens."""
    shape = {"num_hidden_layers": 6, "hidden_size": 192, "num_attention_heads": 6}
    return BertForMaskedLM(BertConfig(**shape, intermediate_size=768, vocab_size=1000))


def matrices(model):
    """The weights of all layers, without biases and scales of normalizations."""
    return [parameter for parameter in model.parameters() if parameter.dim() > 1]


def unscaled_projections(model):
    """Draw the projections into the residual stream as if there were one block."""
    for name, parameter in model.named_parameters():
        if name.endswith("c_proj.weight"):
            nn.init.normal_(parameter, std=0.02)


def wide_embedding(model):
    """Draw an embedding that is tied to the head from N(0, 1)."""
    nn.init.normal_(model.get_input_embeddings().weight)


def copied_blocks(model):
    """Load the first block's weights into all others."""
    (blocks,) = stacks(model)
    for block in blocks[1:]:
        block.load_state_dict(deepcopy(blocks[0].state_dict()))


def stacks(model):
    """The lists of blocks that a model has."""
    lists = (each for each in model.modules() if isinstance(each, nn.ModuleList | nn.Sequential))
    return [each for each in lists if len(each) > 5]


def std_one(model):
    """Draw all weights from N(0, 1)."""
    for parameter in matrices(model):
        nn.init.normal_(parameter)


def zeros(model):
    """Set all weights to zero."""
    for parameter in matrices(model):
        nn.init.zeros_(parameter)


def unused_layer(model):
    """Add a layer that nothing uses."""
    model.projection = nn.Linear(192, 192)


def nan_entry(model):
    """Let one entry of a weight in the middle be nan."""
    found = matrices(model)
    with torch.no_grad():
        found[len(found) // 2].view(-1)[0] = float("nan")


def large_queries(model):
    """Multiply queries and keys by so much that attention sees one token."""
    for name, parameter in model.named_parameters():
        with torch.no_grad():
            if name.endswith("qkv.weight"):
                parameter[: 2 * len(parameter) // 3] *= 50
            elif name.endswith("c_attn.weight"):
                parameter[:, : 2 * parameter.shape[1] // 3] *= 50
            elif name.endswith(("query.weight", "key.weight")):
                parameter *= 50


def std_one_head(model):
    """Draw the last layer from N(0, 1)."""
    nn.init.normal_(model.get_classifier().weight)


MODELS = {resnet18: IMAGES, vit_tiny: IMAGES, gpt2: TOKENS, bert: TOKENS}
# Which mistake a model can have, and the verdict that names it.
EVERY = (resnet18, vit_tiny, gpt2, bert)
PLANTED = {
    unscaled_projections: ("growing_stream", (gpt2,)),
    wide_embedding: ("confident_at_start", (gpt2, bert)),
    copied_blocks: ("layers_identical", (vit_tiny, gpt2, bert)),
    std_one: ("confident_at_start", EVERY),
    zeros: ("vanishing_gradient", EVERY),
    unused_layer: ("no_gradient", EVERY),
    nan_entry: ("nonfinite_parameter", EVERY),
    large_queries: ("attention_one_hot", (vit_tiny, gpt2, bert)),
    std_one_head: ("confident_at_start", (resnet18, vit_tiny)),
}


def told(build, plant=None):
    """What winit says of a model: the names of its verdicts with their severities and modules."""
    torch.manual_seed(0)
    model = build()
    if plant is not None:
        plant(model)
    result = winit.probe(model, MODELS[build], loss="cross_entropy")
    return [each for each in result.verdict if each.severity], result.loss.value


def row(build, plant, found, loss, *, holds):
    said = ", ".join(f"{each.name} ({each.severity}, {each.module})" for each in found) or "healthy"
    name = "as shipped" if plant is None else plant.__name__
    loss = "nan" if loss is None else f"{loss:.4g}"
    print(f"{build.__name__:9} {name:21} {loss:>9} {'yes' if holds else 'NO':4} {said}")
    return holds


def main():
    print(f"{'model':9} {'mistake':21} {'loss':>9} {'as':4} winit says")
    right = []
    for build in MODELS:
        found, loss = told(build)
        sound = all(each.severity == "note" for each in found)
        right.append(row(build, None, found, loss, holds=sound))
        for plant, (verdict, models) in PLANTED.items():
            if build in models:
                found, loss = told(build, plant)
                named = verdict in {each.name for each in found}
                right.append(row(build, plant, found, loss, holds=named))
    print(f"{sum(right)} of {len(right)} as expected")
    return 0 if all(right) else 1


if __name__ == "__main__":
    sys.exit(main())
