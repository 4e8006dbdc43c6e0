"""Layers that are all copies of one.

`nn.TransformerEncoder` takes one layer and makes deep copies of it, weights and all, so that every
layer starts with the same numbers. Code of one's own does the same by `copy.deepcopy` in a loop, or
where one state is loaded into every layer. The layers come apart in training, but they start as one
layer that is applied six times: what it amplifies, all of them amplify.

    winit probe examples/mistakes/03_copied_layers.py:mistaken \
        --input 'int:16,32<512' --loss cross_entropy
"""

from torch import nn

VOCABULARY, WIDTH, HEADS, LAYERS, CLASSES = 512, 128, 4, 6, 10


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        layer = nn.TransformerEncoderLayer(WIDTH, HEADS, 4 * WIDTH, batch_first=True)
        self.tokens = nn.Embedding(VOCABULARY, WIDTH)
        self.encoder = nn.TransformerEncoder(layer, LAYERS)
        self.head = nn.Linear(WIDTH, CLASSES)

    def forward(self, tokens):
        return self.head(self.encoder(self.tokens(tokens)).mean(dim=1))


def mistaken():
    """A classifier of texts whose six layers have the same weights."""
    return Classifier()


def sound():
    """The same, where every matrix of every layer is drawn anew."""
    model = Classifier()
    for parameter in model.encoder.parameters():
        if parameter.dim() > 1:
            nn.init.xavier_uniform_(parameter)
    return model
