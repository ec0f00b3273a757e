# syncguard in an image: built on Debian 12, run with nothing but its libraries, as nobody.
# The base is an argument, so that a mirror or a local import can stand in for it.
ARG BASE=debian:bookworm-slim

FROM ${BASE} AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends \
      cmake gcc libc6-dev libgit2-dev libjansson-dev libmicrohttpd-dev \
      libssl-dev libyaml-dev ninja-build pkg-config \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY CMakeLists.txt CMakePresets.json ./
COPY cmake cmake
COPY certs certs
COPY webhook webhook
RUN cmake --preset release && cmake --build --preset release \
 && install -D -s build/release/syncguard /stage/syncguard

FROM ${BASE}
RUN apt-get update \
 && apt-get install -y --no-install-recommends \
      libgit2-1.5 libjansson4 libmicrohttpd12 libssl3 libyaml-0-2 \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/dpkg.log /var/log/apt
COPY --from=build /stage/syncguard /usr/local/bin/syncguard
USER 65532:65532
EXPOSE 8443 8080
ENTRYPOINT ["/usr/local/bin/syncguard"]
CMD ["serve", "--config", "/config/config.yaml"]
