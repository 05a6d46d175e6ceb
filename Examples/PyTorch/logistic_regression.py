import torch
import torch.nn.functional as F
from torch import nn


def clouds(count):
    classes = torch.randint(0, 2, (count,)).float()
    return torch.randn(count, 2) + 2 * classes[:, None], classes


torch.manual_seed(1)
x, y = clouds(400)

layer = nn.Linear(2, 1)
optimizer = torch.optim.SGD(layer.parameters(), lr=0.5)
steps = 200
for step in range(steps):
    loss = F.binary_cross_entropy_with_logits(layer(x)[:, 0], y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % (steps // 5) == 0 or step == steps - 1:
        print(f"step {step}: loss {loss.item():.4f}")

others, classes = clouds(1000)
accuracy = ((layer(others)[:, 0] > 0) == (classes > 0)).float().mean().item()
print(f"accuracy on 1000 others: {100 * accuracy:.1f} %")
p = layer(torch.tensor([[0.0, 0], [1, 1], [2, 2]])).sigmoid()[:, 0].tolist()
print(f"probability of the second cloud: {p[0]:.2f} in the middle of the first, {p[1]:.2f} between them, {p[2]:.2f} in its own middle")
