# syncguard in an image: built on Debian 12; what runs is the program, the libraries it loads and
# what says where they are from, without a shell, as nobody.
# The base is an argument, so that a mirror or a local import can stand in for it.
ARG BASE=debian:bookworm-slim

FROM ${BASE} AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends \
      cmake gcc jq libc6-dev libgit2-dev libjansson-dev libmicrohttpd-dev \
      libseccomp-dev libssl-dev libyaml-dev ninja-build pkg-config \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY CMakeLists.txt CMakePresets.json ./
COPY cmake cmake
COPY certs certs
COPY webhook webhook
RUN cmake --preset release && cmake --build --preset release \
 && strip build/release/syncguard
COPY deploy/image/assemble deploy/image/assemble
# The time in the bill of materials.
ARG SOURCE_DATE_EPOCH=0
RUN deploy/image/assemble build/release/syncguard /stage

FROM scratch
COPY --from=build /stage /
LABEL org.opencontainers.image.title="syncguard" \
      org.opencontainers.image.description="Refuses Argo CD Applications that sync themselves and what lets one prune argocd-secret" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.base.name="scratch"
USER 65532:65532
EXPOSE 8443 8080
ENTRYPOINT ["/usr/local/bin/syncguard"]
CMD ["serve", "--config", "/config/config.yaml"]
