# tlaunch, its worker and LibTorch's libraries, without Python: docs/docker.md. Kept to what tests/long/docker_steps.py
# understands, which runs these steps where there is no Docker.
FROM debian:12 AS build
WORKDIR /opt/tlaunch
COPY . .
RUN scripts/setup
RUN scripts/build release

FROM debian:12
RUN apt-get update -q && apt-get install -y -q --no-install-recommends libyaml-cpp0.7 zlib1g libstdc++6 && \
    rm -rf /var/lib/apt/lists/*
# The worker looks for LibTorch where it was built with it, and LibTorch for CUDA beside itself.
COPY --from=build /opt/tlaunch/.venv/lib/python3.11/site-packages/torch/lib /opt/tlaunch/.venv/lib/python3.11/site-packages/torch/lib
COPY --from=build /opt/tlaunch/.venv/lib/python3.11/site-packages/nvidia /opt/tlaunch/.venv/lib/python3.11/site-packages/nvidia
COPY --from=build /opt/tlaunch/build-release/bin/tlaunch /opt/tlaunch/build-release/bin/tlaunch-worker /usr/local/bin/
COPY configs /opt/tlaunch/configs
# For the NVIDIA container toolkit: CUDA, and NVML for the probe.
ENV NVIDIA_VISIBLE_DEVICES=all
ENV NVIDIA_DRIVER_CAPABILITIES=compute,utility
WORKDIR /job
ENTRYPOINT ["tlaunch"]
