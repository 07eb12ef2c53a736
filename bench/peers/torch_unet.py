"""The U-Net of examples/unet in PyTorch, from its initial weights and its batches: torch_unet.py FOLDER [threads]."""
import json
import sys

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

folder = sys.argv[1]
torch.set_num_threads(int(sys.argv[2]) if len(sys.argv) > 2 else 2)


def safetensors(path):
    data = open(path, "rb").read()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])

    def of(entry):
        begin, end = entry["data_offsets"]
        values = np.frombuffer(data[8 + length + begin : 8 + length + end], dtype=np.float32)
        return torch.from_numpy(values.reshape(entry["shape"]).copy())

    return {name: of(entry) for name, entry in header.items() if name != "__metadata__"}


def norm(channels):
    return nn.GroupNorm(8, channels, eps=1e-6)


class Block(nn.Module):
    def __init__(self, inputs, outputs, width):
        super().__init__()
        self.norm1, self.conv1 = norm(inputs), nn.Conv2d(inputs, outputs, 3, padding=1)
        self.norm2, self.conv2 = norm(outputs), nn.Conv2d(outputs, outputs, 3, padding=1)
        self.time = nn.Linear(width, outputs)
        self.shortcut = nn.Conv2d(inputs, outputs, 1)

    def forward(self, x, time):
        h = self.conv1(F.silu(self.norm1(x))) + self.time(F.silu(time))[:, :, None, None]
        return self.shortcut(x) + self.conv2(F.silu(self.norm2(h)))


class Attention(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.q, self.k, self.v, self.o = (nn.Linear(width, width) for _ in range(4))

    def forward(self, x):
        q, k, v = self.q(x), self.k(x), self.v(x)
        return self.o(torch.softmax(q @ k.transpose(1, 2) * x.shape[2] ** -0.5, -1) @ v)


class Level(nn.Module):
    def __init__(self, inputs, outputs, width):
        super().__init__()
        self.enter = Block(inputs, outputs, width)
        self.down = nn.Conv2d(outputs, outputs, 3, stride=2, padding=1)
        self.up = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.leave = Block(2 * outputs, inputs, width)

    def forward(self, x, time, below):
        passed = self.enter(x, time)
        back = self.up(F.interpolate(below(self.down(passed), time), scale_factor=2))
        return self.leave(torch.cat([passed, back], 1), time)


class Middle(nn.Module):
    def __init__(self, channels, width):
        super().__init__()
        self.first, self.second = Block(channels, channels, width), Block(channels, channels, width)
        self.norm, self.attention = norm(channels), Attention(channels)

    def forward(self, x, time):
        h = self.first(x, time)
        mixed = self.attention(self.norm(h).flatten(2).transpose(1, 2))
        return self.second(h + mixed.transpose(1, 2).reshape(h.shape), time)


class UNet(nn.Module):
    def __init__(self, channels, widths, frequencies, width):
        super().__init__()
        self.time = nn.Sequential(nn.Linear(frequencies, width), nn.SiLU(), nn.Linear(width, width))
        self.enter = nn.Conv2d(channels, widths[0], 3, padding=1)
        self.levels = nn.ModuleList(Level(a, b, width) for a, b in zip(widths, widths[1:]))
        self.middle = Middle(widths[-1], width)
        self.norm, self.leave = norm(widths[0]), nn.Conv2d(widths[0], channels, 3, padding=1)

    def forward(self, x, times):
        def below(i):
            return self.middle if i == len(self.levels) else lambda x, time: self.levels[i](x, time, below(i + 1))

        return self.leave(F.silu(self.norm(below(0)(self.enter(x), self.time(times)))))


weights = safetensors(f"{folder}/start.safetensors")
feeds = safetensors(f"{folder}/feeds.safetensors")
widths = [weights["enter.weight"].shape[0]]
while f"levels.{len(widths) - 1}.down.weight" in weights:
    widths.append(weights[f"levels.{len(widths) - 1}.down.weight"].shape[0])
width, frequencies = weights["time.0.weight"].shape
net = UNet(weights["enter.weight"].shape[1], widths, frequencies, width)
net.load_state_dict(weights)  # refuses names and shapes that are not the same
optimiser = torch.optim.AdamW(net.parameters(), lr=1e-3, betas=(0.9, 0.99), eps=1e-8, weight_decay=0.01, foreach=True)

losses = []
while f"{len(losses)}.clean" in feeds:
    clean, noise, angle, times = (feeds[f"{len(losses)}.{name}"] for name in ("clean", "noise", "angle", "times"))
    optimiser.zero_grad(set_to_none=True)
    loss = F.mse_loss(net(torch.cos(angle) * clean + torch.sin(angle) * noise, times), noise)
    loss.backward()
    optimiser.step()
    losses.append(loss.item())

print(json.dumps({"peer": f"PyTorch {torch.__version__}", "losses": losses}))
