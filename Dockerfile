# The application: the REST API, the workers, the one-shot jobs and the operators' commands are one image.
# Debian, not Alpine: Temporal's native bridge needs glibc.
FROM node:24.21.0-bookworm-slim AS packages
WORKDIR /app
# npm's own scripts run with these; the application finds its Node on PATH, not in node_modules.
COPY package.json package-lock.json ./
COPY runtime/setup/patches runtime/setup/patches
COPY runtime/setup/shorten-exports.mjs runtime/setup/
RUN npm ci --omit=dev --no-audit --no-fund

FROM packages AS build
COPY . .
RUN node runtime/bundle-workflows.ts
# From the lock file: what is installed lacks the packages for development, which npm would call a mistake.
RUN npm sbom --package-lock-only --sbom-format cyclonedx --omit dev > sbom.json

# `docker build --target sbom --output . .` writes sbom.json here.
FROM scratch AS sbom
COPY --from=build /app/sbom.json /sbom.json

FROM node:24.21.0-bookworm-slim AS application
ENV NODE_ENV=production
WORKDIR /app
# Root's, so that the process can't change its own code.
COPY --from=build /app /app
# A new volume takes its owner from the folder that it is mounted over.
RUN install -d -o node -g node /data /run/own /run/shared /run/services \
 && for name in authority shared services databases people postgres temporal temporal-ui issuer grafana proxy api patient study site edc notification enrollment ops; do install -d -o node -g node "/installation/$name"; done
USER node
EXPOSE 3000 7443
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=6 CMD ["node", "runtime/compose/healthcheck.ts"]
CMD ["node", "runtime/main.ts", "api"]
