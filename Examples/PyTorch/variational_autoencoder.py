import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader

from drawn_digits import drawn_digits


class Autoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 4))
        self.decoder = nn.Sequential(nn.Linear(2, 128), nn.ReLU(), nn.Linear(128, 64))

    def forward(self, x):
        mean, log_variance = self.encoder(x).chunk(2, dim=1)
        z = mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)
        likelihood = F.binary_cross_entropy_with_logits(self.decoder(z), x, reduction="none").sum(1)
        divergence = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1)
        return (likelihood + divergence).mean(), divergence.mean()


torch.manual_seed(1)
noisy, _ = drawn_digits(4000, size=8, moves=False)
images = noisy.clip(0, 1).flatten(1)

model = Autoencoder()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
loader = DataLoader(images, batch_size=50, shuffle=True)
epochs = 40
for epoch in range(epochs):
    results = []
    for x in loader:
        loss, divergence = model(x)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        results.append([loss.item(), divergence.item()])
    if epoch % (epochs // 5) == 0 or epoch == epochs - 1:
        loss, divergence = torch.tensor(results).mean(0).tolist()
        print(f"epoch {epoch}: loss {loss:.2f}, of which divergence {divergence:.2f}")

side = torch.linspace(-1.5, 1.5, 12)
plane = model.decoder(torch.cartesian_prod(side, side)).sigmoid().reshape(144, 8, 8)
