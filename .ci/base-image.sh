#!/usr/bin/env bash
# Makes the image fieldsmith-base with debootstrap, for machines that cannot pull a public Python image. Needs root.
set -euo pipefail
name=${1:-fieldsmith-base}
docker image inspect "$name" >/dev/null 2>&1 && exit 0
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
debootstrap --variant=minbase --include=python3,python3-pip,ca-certificates,libgomp1 bookworm "$root/fs" >"$root/log" 2>&1 ||
    { tail -n 5 "$root/log" >&2; exit 1; }
bundle=${PIP_CERT:-${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}}
cp "$bundle" "$root/fs/etc/ssl/certs/ca-certificates.crt"
rm -rf "$root/fs/var/cache/apt" "$root/fs/var/lib/apt/lists"
bundle=/etc/ssl/certs/ca-certificates.crt
extra=()
for variable in PIP_INDEX_URL PIP_EXTRA_INDEX_URL PIP_DEFAULT_TIMEOUT; do
    [ -n "${!variable:-}" ] && extra+=(--change "ENV $variable=${!variable}")
done
tar -C "$root/fs" -c . | docker import --change "ENV PIP_CERT=$bundle SSL_CERT_FILE=$bundle" "${extra[@]}" - "$name" >/dev/null
echo "Made the image $name"
