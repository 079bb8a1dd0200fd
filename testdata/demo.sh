#!/bin/sh
# The main job on a small repository: check fails, fix, check passes.
set -eu
bin=$1
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -R "$here/demo" "$work/shop"
cd "$work/shop"
git init -q . && git add -A
git -c user.name=demo -c user.email=demo@example.com commit -qm 'The shop'

bold='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
	bold=$(printf '\033[1m') plain=$(printf '\033[0m')
fi
say() { printf '\n%s$ %s%s\n' "$bold" "$*" "$plain"; }
expect() { # expect CODE COMMAND...
	want=$1
	shift
	got=0
	"$@" || got=$?
	if [ "$got" != "$want" ]; then
		echo "demo: $* ended with $got instead of $want" >&2
		exit 1
	fi
}

say syncgate check
expect 1 "$bin" check
say syncgate fix
expect 0 "$bin" fix
say git diff
git --no-pager diff
say syncgate check
expect 0 "$bin" check
say syncgate fix --diff
expect 0 "$bin" fix --diff
