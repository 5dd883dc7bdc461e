# Two stages: the first has npm and a compiler's patience, the second has what runs.
FROM python:3.11-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /opt/rosette

COPY requirements.lock requirements-node.lock ./
RUN python -m venv /opt/venv \
 && /opt/venv/bin/pip install --require-hashes -r requirements.lock \
 && python -m venv /opt/node \
 && /opt/node/bin/pip install --require-hashes -r requirements-node.lock

COPY . .
RUN /opt/venv/bin/pip install --no-deps --no-build-isolation --editable . \
 && PATH="/opt/node/bin:$PATH" /opt/venv/bin/python -m hub.console.vendor \
 && rm -rf node_modules


FROM python:3.11-slim-bookworm
RUN groupadd --gid 10001 rosette \
 && useradd --uid 10001 --gid 10001 --home-dir /var/lib/rosette --create-home --shell /usr/sbin/nologin rosette
COPY --from=build /opt/venv /opt/venv
COPY --from=build /opt/rosette /opt/rosette
WORKDIR /var/lib/rosette
USER 10001:10001

# Compiled kernels and large uploads go to the state: the root file system is read-only, and /tmp is memory.
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    NUMBA_CACHE_DIR=/var/lib/rosette/kernels \
    TMPDIR=/var/lib/rosette \
    ROSETTE_STATE=/var/lib/rosette/state \
    ROSETTE_HOST=0.0.0.0 \
    ROSETTE_PORT=8443
RUN python -c 'from geo import compiled as g; from fusion import compiled as f; g.warm_up(); f.warm_up()'

VOLUME /var/lib/rosette
EXPOSE 8443
# init is the container runtime's (compose: init: true); the hub itself ends its children on SIGTERM.
STOPSIGNAL SIGTERM
ENTRYPOINT ["rosette"]
CMD ["run"]
