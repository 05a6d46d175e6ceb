import random
import re
import sys

import torch
import torch.nn.functional as F
from torch import nn

nouns, verbs, adjectives = ["cat", "dog", "bird", "horse"], ["see", "hear", "follow"], ["", "old ", "small ", "quick "]


def noun(is_one):
    return f"{'a ' if is_one else 'the '}{random.choice(adjectives)}{random.choice(nouns)}{'' if is_one else 's'}"


def sentence():
    is_one = random.random() < 0.5
    return f"{noun(is_one)} {random.choice(verbs)}{'s' if is_one else ''} {noun(random.random() < 0.5)}\n"


def holds(line):
    noun, verb = "(old |small |quick )?(cat|dog|bird|horse)", "(see|hear|follow)"
    return re.fullmatch(f"(a {noun} {verb}s|the {noun}s {verb}) (a {noun}|the {noun}s)", line) is not None


class Transformer(nn.Module):
    def __init__(self, letters, width, heads, depth, context):
        super().__init__()
        self.letters, self.places = nn.Embedding(letters, width), nn.Embedding(context, width)
        block = nn.TransformerEncoderLayer(width, heads, 4 * width, dropout=0, activation="gelu", batch_first=True, norm_first=True)
        self.blocks = nn.TransformerEncoder(block, depth, norm=nn.LayerNorm(width), enable_nested_tensor=False)
        self.output = nn.Linear(width, letters)

    def forward(self, text):
        letters = text.shape[1]
        mask = nn.Transformer.generate_square_subsequent_mask(letters)
        return self.output(self.blocks(self.letters(text) + self.places(torch.arange(letters)), mask=mask, is_causal=True))

    @torch.no_grad()
    def write(self, texts, count, first):
        text = torch.full((texts, 1), first)
        for _ in range(count):
            text = torch.cat([text, torch.multinomial(self(text[:, -count:])[:, -1].softmax(-1), 1)], dim=1)
        return text[:, 1:].tolist()


torch.manual_seed(1)
random.seed(1)
text = open(sys.argv[1]).read() if len(sys.argv) > 1 else "".join(sentence() for _ in range(2000))
letters = sorted(set(text))
numbers = {letter: number for number, letter in enumerate(letters)}
data, context = torch.tensor([numbers[letter] for letter in text]), 64
print(f"{len(text)} letters, {len(letters)} different ones")

model = Transformer(len(letters), width=64, heads=4, depth=2, context=context)
steps = 400
optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 5e-3, steps, pct_start=0.1)
for step in range(steps):
    batch = data[torch.randint(0, len(text) - context, (16, 1)) + torch.arange(context + 1)]
    loss = F.cross_entropy(model(batch[:, :-1]).flatten(0, 1), batch[:, 1:].flatten())
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1)
    optimizer.step()
    schedule.step()
    if step % (steps // 5) == 0 or step == steps - 1:
        print(f"step {step}: loss {loss.item():.3f}")

written = ["".join(letters[i] for i in line).split("\n")[0] for line in model.write(12, context, numbers.get("\n", 0))]
print("\n".join("  " + line for line in written))
if len(sys.argv) == 1:
    print(f"sentences of the grammar: {sum(map(holds, written))} of {len(written)}")
