#!/bin/sh
# Builds followup and takes an example all the way: import, plan, run, show. It works on a copy in target/try, at
# a time that fits the example's conversations, and sends nothing but lines to a file there.
#
#   sh examples/try.sh [agency|clinica|salon]
set -eu
cd "$(dirname "$0")/.."
root=$PWD

name=${1:-agency}
case $name in
  agency) at=2026-11-04T11:3 file=inbox.jsonl contact=liam.tremblay ;;
  clinica) at=2026-03-11T10:3 file=mensajes.csv contact=beatriz.lara ;;
  salon) at=2026-03-28T11:0 file=mensajes.csv contact=emma.clarke ;;
  *) echo "there is no example $name; there are agency, clinica and salon" >&2 && exit 2 ;;
esac

cargo build --locked
desk=$root/target/try/$name
rm -rf "$desk"
mkdir -p "$desk"
cp -R "examples/$name/." "$desk"
cd "$desk"
rm -f followup.db* outbox.jsonl

followup() {
  printf '\n$ followup %s\n' "$*"
  cargo run --locked --quiet --manifest-path "$root/Cargo.toml" -- "$@"
}

followup import "$file" --now "${at}0"
followup plan --now "${at}0"
followup run -v --now "${at}0"
followup show "$contact" --now "${at}1"

printf '\nSent, in target/try/%s/outbox.jsonl:\n' "$name"
grep -F "\"$contact\"" outbox.jsonl
