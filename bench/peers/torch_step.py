"""The training step of bench/step.ts in PyTorch: torch_step.py [steps] [threads] [forward|gradient|step]."""
import json
import resource
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

steps = int(sys.argv[1]) if len(sys.argv) > 1 else 10
threads = int(sys.argv[2]) if len(sys.argv) > 2 else 2
part = sys.argv[3] if len(sys.argv) > 3 else "step"
torch.set_num_threads(threads)
torch.manual_seed(1)

DIM, BLOCKS, TOKENS, BATCH, HEADS = 128, 8, 64, 32, 4


def linear(inputs, outputs):
    layer = nn.Linear(inputs, outputs)
    nn.init.xavier_uniform_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.modulation = linear(DIM, 6 * DIM)
        self.qkv = linear(DIM, 3 * DIM)
        self.out = linear(DIM, DIM)
        self.up = linear(DIM, 4 * DIM)
        self.down = linear(4 * DIM, DIM)

    def forward(self, x, condition):
        m = self.modulation(condition).view(BATCH, 6, 1, DIM).unbind(1)
        h = F.layer_norm(x, (DIM,), eps=1e-6) * (1 + m[1]) + m[0]
        q, k, v = self.qkv(h).view(BATCH, TOKENS, 3, HEADS, DIM // HEADS).permute(2, 0, 3, 1, 4)
        a = torch.softmax(q @ k.transpose(-1, -2) * (DIM // HEADS) ** -0.5, -1) @ v
        x = x + m[2] * self.out(a.transpose(1, 2).reshape(BATCH, TOKENS, DIM))
        h = F.layer_norm(x, (DIM,), eps=1e-6) * (1 + m[4]) + m[3]
        return x + m[5] * self.down(F.gelu(self.up(h), approximate="tanh"))


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.enter = linear(DIM, DIM)
        self.blocks = nn.ModuleList(Block() for _ in range(BLOCKS))
        self.leave = linear(DIM, DIM)

    def forward(self, x, condition):
        gate = F.silu(condition)
        h = self.enter(x)
        for block in self.blocks:
            h = block(h, gate)
        return self.leave(F.layer_norm(h, (DIM,), eps=1e-6))


net = Network()
optimiser = torch.optim.AdamW(net.parameters(), lr=1e-3, betas=(0.9, 0.99), weight_decay=0.01, foreach=True)
x = torch.randn(BATCH, TOKENS, DIM)
condition = torch.randn(BATCH, DIM)
target = torch.randn(BATCH, TOKENS, DIM)


def run():
    if part == "forward":
        with torch.no_grad():
            return F.mse_loss(net(x, condition), target)
    optimiser.zero_grad(set_to_none=True)
    loss = F.mse_loss(net(x, condition), target)
    loss.backward()
    if part == "step":
        optimiser.step()
    return loss


def busy():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return (used.ru_utime + used.ru_stime) * 1e3


wall, cpu = [], []
for i in range(steps + 3):
    start, used = time.perf_counter(), busy()
    loss = run().item()
    if i >= 3:
        wall.append((time.perf_counter() - start) * 1e3)
        cpu.append(busy() - used)


def median(values):
    return sorted(values)[len(values) // 2]


print(
    json.dumps(
        {
            "peer": f"torch {torch.__version__}",
            "part": part,
            "threads": threads,
            "minimum": round(min(wall)),
            "median": round(median(wall)),
            "maximum": round(max(wall)),
            "cpu": round(median(cpu)),
            "loss": loss,
        }
    )
)
