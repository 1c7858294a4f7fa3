"""The peer of benchmarks/launcher.py: a torch.distributed script as people write it, started unchanged by torchrun and by tlaunch.
Notes in FOLDER/RANK, as JSON of Unix seconds, when its first all-reduce was done and, with --train, when the first step of
DistributedDataParallel was, the loss summed over the ranks: configs/fashion_mnist.yaml's model on 8 random images a rank.

    torchrun --nproc_per_node 2 benchmarks/first_all_reduce.py FOLDER [--train]"""
import json
import sys
import time
from pathlib import Path

import torch
import torch.distributed as dist

dist.init_process_group("gloo")
one = torch.ones(1)
dist.all_reduce(one)
assert one.item() == dist.get_world_size()
done = {"all_reduce": time.time()}
if "--train" in sys.argv:
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "referee"))
    from models import make_model

    model = torch.nn.parallel.DistributedDataParallel(make_model("resnet", {"depth": 8, "width": 16, "stem": "small"},
                                                                 {"channels": 1, "num_classes": 10}))
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    images, labels = torch.randn(8, 1, 28, 28), torch.randint(10, (8,))
    loss = torch.nn.functional.cross_entropy(model(images), labels)
    loss.backward()
    optimizer.step()
    total = loss.detach()
    dist.all_reduce(total)
    total.item()
    done["step"] = time.time()
(Path(sys.argv[1]) / str(dist.get_rank())).write_text(json.dumps(done))
dist.barrier()
dist.destroy_process_group()
