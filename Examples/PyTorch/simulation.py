import math

import torch

count, interval, strongest = 80, 0.05, 5.0


def motion(torques):
    angle, speed, states = torch.tensor(0.0), torch.tensor(0.0), []
    for torque in torques:
        speed = speed + interval * (strongest * torch.tanh(torque) - 9.81 * torch.sin(angle) - 0.1 * speed)
        angle = angle + interval * speed
        states.append(torch.stack([angle, speed]))
    return torch.stack(states)


torch.manual_seed(1)
torques = (0.1 * torch.randn(count)).requires_grad_()
optimizer = torch.optim.Adam([torques], lr=0.05)
iterations = 400
for iteration in range(iterations):
    end = motion(torques)[-1]
    loss = (end[0] - math.pi).square() + 0.1 * end[1].square() + 0.001 * torch.tanh(torques).square().sum()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if iteration % (iterations // 5) == 0 or iteration == iterations - 1:
        print(f"iteration {iteration}: loss {loss.item():.3f}")
end = motion(torques)[-1].tolist()
print(f"after {count * interval:.1f} s: angle {math.degrees(end[0]):.1f}°, speed {end[1]:.2f}/s")
