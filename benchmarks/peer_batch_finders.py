"""What Lightning's BatchSizeFinder and Accelerate's find_executable_batch_size do with the first job of tuning_grid.py, in
Python on this machine's CPU: the batch they end at, trials, seconds. Both look for memory alone, and a CPU does not refuse
it: so they are stopped at 4,096 samples, where neither has an opinion on speed.

    peer_batch_finders.py lightning|accelerate"""
import sys
import time
import warnings
from pathlib import Path

import torch
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "referee"))
from models import make_model  # noqa: E402

LIMIT = 4096
images, labels = torch.randn(2 * LIMIT, 1, 28, 28), torch.randint(10, (2 * LIMIT,))
model = make_model("resnet", {"depth": 8, "width": 16, "stem": "small"}, {"channels": 1, "num_classes": 10})


def with_lightning():
    import lightning
    from lightning.pytorch.callbacks import BatchSizeFinder

    class Module(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.model, self.batch_size, self.tried = model, 2, []

        def train_dataloader(self):
            self.tried.append(self.batch_size)
            return DataLoader(TensorDataset(images, labels), self.batch_size)

        def training_step(self, batch, _):
            return cross_entropy(self.model(batch[0]), batch[1])

        def configure_optimizers(self):
            return torch.optim.AdamW(self.parameters())

    module = Module()
    trainer = lightning.Trainer(accelerator="cpu", max_steps=1, logger=False, enable_checkpointing=False,
                                enable_progress_bar=False, enable_model_summary=False,
                                callbacks=[BatchSizeFinder(mode="power", init_val=2, max_trials=12)])
    trainer.fit(module)
    return module.batch_size, len(set(module.tried))


def with_accelerate():
    from accelerate.utils import find_executable_batch_size
    tried = []

    @find_executable_batch_size(starting_batch_size=LIMIT)
    def train(batch_size):
        tried.append(batch_size)
        optimizer = torch.optim.AdamW(model.parameters())
        for begin in (0, batch_size):
            optimizer.zero_grad()
            cross_entropy(model(images[begin:begin + batch_size]), labels[begin:begin + batch_size]).backward()
            optimizer.step()
        return batch_size

    return train(), len(tried)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    start = time.monotonic()
    batch, trials = {"lightning": with_lightning, "accelerate": with_accelerate}[sys.argv[1]]()
    print(f"batch {batch} after {trials} trials, {time.monotonic() - start:.1f} s")
