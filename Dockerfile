# syntax=docker/dockerfile:1
# The product alone: the optimized binary, built without anything that only tests have, on an image
# that holds the C library and certificates and no shell. It runs as a user without rights.
#
#   docker build --tag groundwork:local .
#   docker run --rm --publish 127.0.0.1:5001:5001 --volume groundwork:/data groundwork:local

FROM rust:1.95-bookworm AS builder
WORKDIR /source
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/source/target \
    cargo build --release --locked --package hosts --bin groundwork \
    && install -D --strip target/release/groundwork /image/usr/local/bin/groundwork \
    && install --directory --owner=65532 --group=65532 /image/data

FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=builder /image /
# Beyond this machine only if the port is published; the embedded stores live in a volume.
ENV PATH=/usr/local/bin \
    GROUNDWORK_HTTP_ADDRESSES=0.0.0.0:5001 \
    GROUNDWORK_DATA=/data
VOLUME /data
EXPOSE 5001
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
    CMD ["groundwork", "ops", "health", "http://127.0.0.1:5001/health/ready"]
ENTRYPOINT ["groundwork"]
CMD ["serve"]
