"""The recipe of tuomaso/train_mnist_fast in PyTorch, written anew; prints its result as JSON.

24 and 32 filters, 256 hidden units, one epoch in batches of 256, Adam with one-cycle up to 0.01.
It runs in a process of its own, so that PyTorch's threads don't disturb TensorFlow's.
Usage: python benchmarks/torch_mnist_fast.py SEED [channels_last]
"""

import json
import sys
import time

import numpy as np
import torch
from torch import nn

from mnist_utils.data import PACKAGED
from mnist_utils.data.readers import read_npz


def build() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 24, 5), nn.MaxPool2d(2), nn.ReLU(),
        nn.Conv2d(24, 32, 3), nn.MaxPool2d(2), nn.ReLU(),
        nn.Flatten(), nn.Linear(800, 256), nn.ReLU(), nn.Linear(256, 10),
    )  # fmt: skip


def train(images: torch.Tensor, labels: torch.Tensor, layout: torch.memory_format, size: int = 256):
    model = build().to(memory_format=layout)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01, betas=(0.7, 0.9))
    starts = range(0, len(images), size)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=0.01, total_steps=len(starts), cycle_momentum=False
    )
    for start in starts:
        batch = images[start : start + size].contiguous(memory_format=layout)
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(batch), labels[start : start + size])
        loss.backward()
        optimizer.step()
        schedule.step()
    return model.eval()


def main(seed: int, layout: torch.memory_format) -> dict:
    arrays = read_npz(PACKAGED)
    torch.manual_seed(seed)
    order = np.random.default_rng(seed).permutation(60_000)  # the original shuffles once, on disk

    def scaled(images):
        return (torch.from_numpy(images[:, None].astype("float32")) / 255 - 0.1307) / 0.3081

    images, test_images = scaled(arrays["x_train"][order]), scaled(arrays["x_test"])
    labels = torch.from_numpy(arrays["y_train"][order].astype("int64"))
    train(images[:2_560], labels[:2_560], layout)  # wakes the library
    torch.manual_seed(seed)
    start = time.perf_counter()
    model = train(images, labels, layout)
    seconds = time.perf_counter() - start
    with torch.no_grad():
        answers = model(test_images)
    loss = float(nn.functional.cross_entropy(answers, torch.from_numpy(arrays["y_test"]).long()))
    answers = answers.argmax(1).numpy()
    wrong = np.flatnonzero(answers != arrays["y_test"])
    errors = {int(index): int(answers[index]) for index in wrong}
    return {
        "seconds": seconds, "epochs": 1, "parameters": sum(p.numel() for p in model.parameters()),
        "test": {"accuracy": 1 - len(wrong) / 10_000, "loss": loss, "errors": errors},
        "torch": torch.__version__,
    }  # fmt: skip


if __name__ == "__main__":
    last = "channels_last" in sys.argv[2:]
    print(
        json.dumps(main(int(sys.argv[1]), torch.channels_last if last else torch.contiguous_format))
    )
