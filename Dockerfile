# LMQ in a container: the package, built in one Debian 12 and installed in another. See docs/operations/install.md.
#
#   docker build -t lmq .
#   docker run -d --name lmq -p 127.0.0.1:9980:9980 -v lmq:/var/lib/lmq lmq

FROM debian:12-slim AS build
WORKDIR /source
COPY . .
# The package of the same sources is the same, whenever it is built.
ARG SOURCE_DATE_EPOCH=1767225600
RUN SOURCE_DATE_EPOCH=$SOURCE_DATE_EPOCH ./dev package

FROM debian:12-slim
# The package would choose a number; a volume outlives a container, and this one stays.
RUN groupadd --system --gid 9980 lmq && \
  useradd --system --uid 9980 --gid lmq --home-dir /var/lib/lmq --shell /usr/sbin/nologin lmq
RUN --mount=type=bind,from=build,source=/source/build/release/package,target=/package \
  apt-get update && \
  DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends /package/lmq_*.deb && \
  rm -rf /var/lib/apt/lists/*

USER lmq
VOLUME ["/var/lib/lmq", "/var/lib/lmq-backup"]
# A container's loopback is reached by nobody. MessagePack-RPC stays there until LMQ_RPC=0.0.0.0:18800 is said.
ENV LMQ_HTTP=0.0.0.0:9980
EXPOSE 9980 18800
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["lmq", "ping"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["lmq"]
CMD ["serve", "--config", "/etc/lmq/lmq.toml"]
