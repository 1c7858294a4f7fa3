"""The order of samples (worker/sampler.h), repeated from its description in pure Python."""

MASK = (1 << 64) - 1


def splitmix64(x):
    x = (x + 0x9E3779B97F4A7C15) & MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    return x ^ (x >> 31)


def epoch_key(seed, epoch):
    return splitmix64(splitmix64(seed & MASK) ^ (epoch & MASK))


def permutation(samples, seed, epoch):
    key = epoch_key(seed, epoch)
    order = list(range(samples))
    for i in range(samples - 1, 0, -1):
        j = splitmix64((key + i) & MASK) * (i + 1) >> 64
        order[i], order[j] = order[j], order[i]
    return order


def micro_batch(order, step_in_epoch, micro_step, rank, micro, accumulation, world):
    start = step_in_epoch * micro * accumulation * world + (micro_step * world + rank) * micro
    return order[start:start + micro]
