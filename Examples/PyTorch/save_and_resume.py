import math

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(1)
x = torch.randn(2000, 4)
y = x.sin().sum(1, keepdim=True)
file, epochs, batches = "save-and-resume.pt", 5, 40
total = epochs * batches
warmup = total // 10


def factor(step):
    return step / warmup if step < warmup else 0.5 + 0.5 * math.cos(math.pi * (step - warmup) / (total - warmup))


class Training:
    def __init__(self, seed):
        torch.manual_seed(seed)
        self.model = nn.Sequential(nn.Linear(4, 32), nn.Tanh(), nn.Dropout(0.1), nn.Linear(32, 1))
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=0.01)
        self.schedule = torch.optim.lr_scheduler.LambdaLR(self.optimizer, factor)
        self.steps = 0

    def __call__(self, x, y):
        loss = F.mse_loss(self.model.train()(x), y)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.schedule.step()
        self.steps += 1

    def save(self, file):
        parts = {"model": self.model.state_dict(), "optimizer": self.optimizer.state_dict(), "schedule": self.schedule.state_dict()}
        torch.save(parts | {"steps": self.steps, "random": torch.get_rng_state()}, file)

    def load(self, file):
        parts = torch.load(file)
        for name in ["model", "optimizer", "schedule"]:
            getattr(self, name).load_state_dict(parts[name])
        self.steps = parts["steps"]
        torch.set_rng_state(parts["random"])


def go_on(training, last):
    while training.steps < last:
        epoch, batch = divmod(training.steps, batches)
        order = torch.randperm(len(x), generator=torch.Generator().manual_seed(epoch))
        for rows in order.split(50)[batch : batch + last - training.steps]:
            training(x[rows], y[rows])
        print(f"  step {training.steps}: loss {F.mse_loss(training.model.eval()(x), y).item():.5f}")


print("without a pause")
whole = Training(3)
go_on(whole, total)

print("stopped")
stopped = Training(3)
go_on(stopped, total // 2 + 1)
stopped.save(file)
print("wrote", file)

print("goes on")
resumed = Training(4)
resumed.load(file)
go_on(resumed, total)
same = all(torch.equal(a, b) for a, b in zip(whole.model.parameters(), resumed.model.parameters()))
print("the model has the same bits:", str(same).lower())
