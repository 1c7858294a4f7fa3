# LibTorch as imported target tlaunch::torch, made straight from a folder with include/ and lib/:
# the PyPI wheel's site-packages/torch, or an unpacked LibTorch (-DTLAUNCH_TORCH=PATH). No nvcc and
# no CUDA toolkit is needed for the wheel; TorchConfig.cmake is not used because it asks for both.
# Sets TLAUNCH_CUDA (ON where the LibTorch has CUDA), TLAUNCH_TORCH_VERSION ("2.11.0") and TLAUNCH_NVML_INCLUDE.

if(NOT TLAUNCH_TORCH)
  file(GLOB candidates ${PROJECT_SOURCE_DIR}/.venv/lib/python3*/site-packages/torch)
  if(candidates)
    list(GET candidates 0 TLAUNCH_TORCH)
  else()
    message(FATAL_ERROR "No LibTorch: run scripts/setup, or give -DTLAUNCH_TORCH=PATH (a folder with include/ and lib/)")
  endif()
endif()
get_filename_component(TLAUNCH_TORCH ${TLAUNCH_TORCH} ABSOLUTE)
if(NOT EXISTS ${TLAUNCH_TORCH}/lib/libtorch_cpu.so OR NOT EXISTS ${TLAUNCH_TORCH}/include/torch)
  message(FATAL_ERROR "TLAUNCH_TORCH=${TLAUNCH_TORCH} holds no lib/libtorch_cpu.so and include/torch")
endif()

set(TLAUNCH_TORCH_OLDEST 2.11.0)  # tested with
set(TLAUNCH_TORCH_NEWEST 2.15.0)
set(torch_version_header ${TLAUNCH_TORCH}/include/torch/headeronly/version.h)
set(TLAUNCH_TORCH_VERSION "")
if(EXISTS ${torch_version_header})
  foreach(part MAJOR MINOR PATCH)
    file(STRINGS ${torch_version_header} line REGEX "^#define TORCH_VERSION_${part} [0-9]+" LIMIT_COUNT 1)
    string(REGEX REPLACE ".* " "" number "${line}")
    list(APPEND TLAUNCH_TORCH_VERSION ${number})
  endforeach()
  list(JOIN TLAUNCH_TORCH_VERSION "." TLAUNCH_TORCH_VERSION)
endif()
if(NOT TLAUNCH_TORCH_VERSION MATCHES "^[0-9]+\\.[0-9]+\\.[0-9]+$" OR TLAUNCH_TORCH_VERSION VERSION_LESS TLAUNCH_TORCH_OLDEST)
  message(FATAL_ERROR "LibTorch in ${TLAUNCH_TORCH} is older than ${TLAUNCH_TORCH_OLDEST} (found: '${TLAUNCH_TORCH_VERSION}'); "
    "${TLAUNCH_TORCH_OLDEST} to ${TLAUNCH_TORCH_NEWEST} are tested: scripts/setup installs one")
endif()
set(torch_tested "")
if(TLAUNCH_TORCH_VERSION VERSION_GREATER TLAUNCH_TORCH_NEWEST)
  set(torch_tested "; newer than what was tested, ${TLAUNCH_TORCH_OLDEST} to ${TLAUNCH_TORCH_NEWEST}")
endif()
message(STATUS "LibTorch ${TLAUNCH_TORCH_VERSION} in ${TLAUNCH_TORCH}${torch_tested}")

get_filename_component(torch_site ${TLAUNCH_TORCH} DIRECTORY)
file(GLOB torch_nvidia_includes ${torch_site}/nvidia/cu*/include ${torch_site}/nvidia/nccl/include)
if(NOT torch_nvidia_includes AND EXISTS /usr/local/cuda/include)
  set(torch_nvidia_includes /usr/local/cuda/include)
endif()
set(TLAUNCH_CUDA OFF)
if(EXISTS ${TLAUNCH_TORCH}/lib/libtorch_cuda.so AND torch_nvidia_includes)
  set(TLAUNCH_CUDA ON)
endif()
find_path(TLAUNCH_NVML_INCLUDE nvml.h HINTS ${torch_nvidia_includes} /usr/local/cuda/include)

add_library(tlaunch_torch INTERFACE)
add_library(tlaunch::torch ALIAS tlaunch_torch)
target_include_directories(tlaunch_torch SYSTEM INTERFACE
  ${TLAUNCH_TORCH}/include ${TLAUNCH_TORCH}/include/torch/csrc/api/include ${torch_nvidia_includes})
target_compile_definitions(tlaunch_torch INTERFACE USE_DISTRIBUTED USE_C10D_GLOO)
# libstdc++ first: the wheel's libraries export a copy of std::filesystem of their own, which would be bound before
# libstdc++'s and jumps to address 0 in remove_all.
set(torch_libs -Wl,--push-state,--no-as-needed,-lstdc++,--pop-state
  ${TLAUNCH_TORCH}/lib/libtorch.so ${TLAUNCH_TORCH}/lib/libtorch_cpu.so ${TLAUNCH_TORCH}/lib/libc10.so)
if(TLAUNCH_CUDA)
  target_compile_definitions(tlaunch_torch INTERFACE USE_C10D_NCCL)
  # libtorch_cuda registers its kernels in static initialisers: keep it though no symbol is asked for.
  list(APPEND torch_libs -Wl,--no-as-needed ${TLAUNCH_TORCH}/lib/libtorch_cuda.so -Wl,--as-needed ${TLAUNCH_TORCH}/lib/libc10_cuda.so)
endif()
target_link_libraries(tlaunch_torch INTERFACE ${torch_libs} Threads::Threads)
# DT_RPATH, not DT_RUNPATH, which LD_LIBRARY_PATH would come before: another LibTorch in there is not the one this was
# built with, and fails with a missing symbol at best.
target_link_options(tlaunch_torch INTERFACE -Wl,-rpath,${TLAUNCH_TORCH}/lib -Wl,--disable-new-dtags)

# One precompiled header for the three torch rooms and their tests. Not torch/torch.h: whatever templates it leaves
# pending are instantiated again in each file (8.5 CPU-s for a file that uses nothing, against 2.8 with these two).
add_library(tlaunch_torch_pch OBJECT cmake/pch.cpp)
target_link_libraries(tlaunch_torch_pch PRIVATE tlaunch_options tlaunch_torch)
target_precompile_headers(tlaunch_torch_pch PRIVATE <torch/types.h> <torch/nn/module.h>)
