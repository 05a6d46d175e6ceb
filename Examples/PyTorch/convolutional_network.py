import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from drawn_digits import drawn_digits

torch.manual_seed(1)
images, labels = drawn_digits(2000, size=16)
x, trained = images[:, None], len(images) * 5 // 6

network = nn.Sequential(
    nn.Conv2d(1, 16, 5, padding="same"), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(16, 32, 3, padding="same"), nn.ReLU(), nn.AdaptiveMaxPool2d(1),
    nn.Flatten(), nn.Linear(32, 10))
print(sum(p.numel() for p in network.parameters()), "parameters")
optimizer = torch.optim.AdamW(network.parameters(), lr=5e-3)
loader = DataLoader(TensorDataset(x[:trained], labels[:trained]), batch_size=50, shuffle=True)
for epoch in range(8):
    losses = []
    for inputs, classes in loader:
        loss = F.cross_entropy(network(inputs), classes)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    print(f"epoch {epoch}: loss {sum(losses) / len(losses):.4f}")

guesses = network(x[trained:]).argmax(1)
accuracy = (guesses == labels[trained:]).float().mean().item()
print(f"accuracy on {len(guesses)} others: {100 * accuracy:.1f} %")
