# Heddle as a container: the compiled program on a plain Debian.
#   docker build -t heddle .
#   docker run -p 8000:8000 -v heddle:/var/lib/heddle heddle
# To sign in: docker exec <container> heddle login-link

FROM oven/bun:1.4.5 AS build
WORKDIR /build
COPY package.json bun.lock bunfig.toml ./
COPY patches patches
RUN bun install --frozen-lockfile
COPY . .
RUN bun compile.ts

FROM debian:trixie-slim
RUN apt-get update \
  && apt-get install --yes --no-install-recommends ca-certificates \
  && rm -rf /var/lib/apt/lists/* \
  && useradd --system --user-group --home-dir /var/lib/heddle --create-home --uid 10001 heddle \
  && chmod 0700 /var/lib/heddle
COPY --from=build /build/dist/heddle /usr/local/bin/heddle

USER heddle
WORKDIR /var/lib/heddle
ENV HEDDLE_HOME=/var/lib/heddle HOST=0.0.0.0 PORT=8000 LOG_FORMAT=json
VOLUME /var/lib/heddle
EXPOSE 8000
# The program is also a Bun, so no other tool is needed for the health check. It ignores configuration files in the home.
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s \
  CMD ["/usr/bin/env", "--chdir=/", "BUN_BE_BUN=1", "/usr/local/bin/heddle", "--config=/dev/null", "--no-env-file", "--eval", "process.exit((await fetch(`http://127.0.0.1:${process.env.PORT}/ready`)).ok ? 0 : 1)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/heddle"]
CMD ["serve"]
