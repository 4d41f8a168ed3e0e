# The programs in a small image:
#
#   docker build -t bnn .
#   docker run --rm --user "$(id -u):$(id -g)" -v "$PWD:/work" bnn train --config first.json --data data
FROM debian:bookworm-slim AS build
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
WORKDIR /source
COPY tests/install_packages.sh tests/
RUN . tests/install_packages.sh && install_packages "${build_packages[@]}" dpkg-dev file
COPY . .
RUN cmake --preset package && cmake --build --preset package -j "$(nproc)"
RUN cd build-package && cpack

FROM debian:bookworm-slim
COPY --from=build /source/build-package/*.deb /tmp/
RUN apt-get update && apt-get install -y --no-install-recommends /tmp/*.deb && \
    rm -rf /var/lib/apt/lists/* /tmp/*.deb
WORKDIR /work
ENTRYPOINT ["bnn"]
CMD ["--help"]
