// Only carries a precompiled header that many targets share (see Precompiled.cmake and Torch.cmake).
