#!/usr/bin/env bash
# Puts syncgate where $1 says: the released one of the version that a workflow names this action by, or else one that is built from
# this action's own checkout. Nothing of the repository that is judged is looked at.
#
# ACTION_REF         what follows "@" in the workflow: only a version such as v1.2.3 is a release's; a commit is built
# ACTION_REPOSITORY  owner/name of this action
# SERVER_URL         where GitHub is
#
# No release, or no way to it: build. A release that is not what its checksums say: stop.
set -euo pipefail
out=$1
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

build() {
	echo "Building syncgate from the action's checkout: $1"
	GOWORK=off go build -C "$here" -trimpath -o "$out" ./cmd/syncgate
	exit
}

stop() {
	echo "::error title=syncgate::$1"
	exit 2
}

get() { # URL FILE
	curl -q --fail --silent --show-error --location --proto =https --proto-redir =https \
		--connect-timeout 20 --max-time 300 --retry 2 --output "$2" "$1"
}

sum() {
	if command -v sha256sum >/dev/null; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d ' ' -f 1
}

mkdir -p "$(dirname "$out")"
ref=${ACTION_REF:-}
version='^v[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$'
repository='^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$'
[[ $ref =~ $version && ${ACTION_REPOSITORY:-} =~ $repository && ${SERVER_URL:-} == https://* ]] ||
	build "${ref:-this one} is no release"
case "$(uname -s)/$(uname -m)" in
Linux/x86_64) name=syncgate-$ref-linux-amd64 ;;
Linux/aarch64 | Linux/arm64) name=syncgate-$ref-linux-arm64 ;;
Darwin/x86_64) name=syncgate-$ref-darwin-amd64 ;;
Darwin/arm64) name=syncgate-$ref-darwin-arm64 ;;
*) build "there is no release for $(uname -s) on $(uname -m)" ;;
esac

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
from=${SERVER_URL%/}/$ACTION_REPOSITORY/releases/download/$ref
if ! get "$from/SHA256SUMS" "$work/SHA256SUMS" || ! get "$from/$name" "$work/syncgate"; then
	build "the release $ref cannot be had"
fi
want=$(awk -v name="$name" '$2 == name { print $1 }' "$work/SHA256SUMS")
[[ $want =~ ^[0-9a-f]{64}$ ]] || stop "SHA256SUMS of the release $ref does not say one sum for $name"
[[ $(sum "$work/syncgate") == "$want" ]] || stop "$name is not the file that SHA256SUMS of the release $ref names"
chmod 755 "$work/syncgate"
[[ $("$work/syncgate" version) == "syncgate $ref "* ]] || stop "$name of the release $ref is another version"
mv "$work/syncgate" "$out"
echo "Using the released syncgate $ref, $want"
