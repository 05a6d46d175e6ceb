import sys

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from drawn_digits import drawn_digits

torch.manual_seed(1)
images, labels = drawn_digits(6000, size=8)
if len(sys.argv) > 1:
    file = np.load(sys.argv[1])
    images, labels = torch.from_numpy(file["images"]), torch.from_numpy(file["labels"])
x = images.float().flatten(1) / images.max()
trained = len(x) * 5 // 6

network = nn.Sequential(nn.Linear(x.shape[1], 128), nn.ReLU(), nn.Linear(128, 10))
optimizer = torch.optim.AdamW(network.parameters(), lr=2e-3)
loader = DataLoader(TensorDataset(x[:trained], labels[:trained]), batch_size=50, shuffle=True)
for epoch in range(10):
    losses = []
    for inputs, classes in loader:
        loss = F.cross_entropy(network(inputs), classes)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    print(f"epoch {epoch}: loss {np.mean(losses):.4f}")

guesses = network(x[trained:]).argmax(1)
accuracy = (guesses == labels[trained:]).float().mean().item()
print(f"accuracy on {len(guesses)} others: {100 * accuracy:.1f} %")
