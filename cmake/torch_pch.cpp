// Only carries the precompiled header that the torch rooms share (see Torch.cmake).
