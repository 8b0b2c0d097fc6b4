#!/usr/bin/env bash
# Makes the fixtures the fuzzer's first inputs: an option byte before each.
set -eu
cd "$(dirname "$0")"
mkdir -p corpus/line corpus/batch
for input in ../../fixtures/*.in.txt ../../fixtures/*/*.in.txt; do
    name=$(basename "$(dirname "$input")")-$(basename "$input" .in.txt)
    [ "$(wc -c <"$input")" -lt 4096 ] || continue
    { printf '\001'; cat "$input"; } >"corpus/line/$name"
    { printf '\002'; cat "$input"; printf '\n'; cat ../../fixtures/graph/only-received.in.txt; } >"corpus/batch/$name"
    # The same line twice, the second read by the shape of the first.
    { printf '\003'; cat "$input"; printf '\000'; cat "$input"; } >"corpus/line/$name-twice"
done
