// Counter-based random numbers: a number is a pure function of a key and a counter, so that nothing has to be saved or
// handed around to repeat it. Used for the order of samples, augmentation and the split of sessions. Thread-safe.
#pragma once

#include <cstdint>

namespace tlaunch {

// One step of SplitMix64 (Steele, Lea, Flood 2014): a bijection of 64-bit numbers that mixes all bits.
constexpr std::uint64_t splitmix64(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15u;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

// Key of an epoch's random numbers.
constexpr std::uint64_t epoch_key(std::int64_t seed, std::int64_t epoch) {
  return splitmix64(splitmix64(static_cast<std::uint64_t>(seed)) ^ static_cast<std::uint64_t>(epoch));
}

// A random 64-bit number scaled to 0..bound-1 (the high half of the product; its bias is below bound / 2^64).
constexpr std::uint64_t scale_to(std::uint64_t random, std::uint64_t bound) {
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::uint64_t>((static_cast<Wide>(random) * bound) >> 64);
}

}  // namespace tlaunch
