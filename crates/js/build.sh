#!/usr/bin/env bash
# Builds the npm package -> dist/npm, the web page -> dist/message-trace.html and, where the component is built, the
# component under jco -> dist/jco. `crates/js/build.sh test` runs their tests after that. Called by ../../build.sh.
set -euo pipefail
cd "$(dirname "$0")/../.."

target_dir=${CARGO_TARGET_DIR:-target}
guest=wasm32-unknown-unknown
fail() { printf 'crates/js/build.sh: %s\n' "$*" >&2; exit 1; }

node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 20 ? 0 : 1)' 2>/dev/null ||
    fail 'Node 20 or later is missing: install it, with npm, from your system or nodejs.org.'

# As exactly as package-lock.json says; only if it says something new.
if ! cmp -s crates/js/package-lock.json crates/js/node_modules/.as-installed; then
    (cd crates/js && npm ci --no-fund --no-audit --loglevel=error) ||
        fail 'cannot install the npm packages: is there a network connection?'
    cp crates/js/package-lock.json crates/js/node_modules/.as-installed
fi

# One crate type alone: with two, cargo leaves LTO out. Of the custom sections wasm-bindgen needs its own and the one
# that names the features, so that only debug information is stripped here; the glue's tool drops the rest.
flags="-Ctarget-feature=+simd128"
for folder in "$(pwd -P)=/message-trace" "${CARGO_HOME:-$HOME/.cargo}=/cargo"; do
    flags+=$'\x1f'"--remap-path-prefix=$folder"
done
# The package's module, and what the page has beside it: which domains imitate others.
rm -rf dist/page
for module in js:"$target_dir/js/glue" page:dist/page; do
    env -u RUSTFLAGS CARGO_ENCODED_RUSTFLAGS="$flags" CARGO_PROFILE_RELEASE_STRIP=debuginfo \
        cargo rustc --quiet --locked --package "message-trace-${module%%:*}" --lib --release --crate-type cdylib \
        --target "$guest" --target-dir "$target_dir/js"
    cargo run --quiet --locked --manifest-path crates/js/bindgen/Cargo.toml --target-dir "$target_dir/js-bindgen" -- \
        "$target_dir/js/$guest/release/message_trace_${module%%:*}.wasm" "${module#*:}"
done
node crates/js/build.mjs "$target_dir/js/glue" dist/npm
node crates/js/web/build.mjs dist
if [ -f dist/message-trace.wasm ]; then
    node crates/js/examples/jco/transpile.mjs dist/message-trace.wasm dist/jco
fi

[ "${1:-}" = test ] || exit 0
[ -f dist/jco/message-trace.js ] || fail 'the component is not built: run ./build.sh component first.'
[ -x "${CHROMIUM:-/usr/bin/chromium}" ] ||
    fail 'Chromium is missing: install it (Debian: apt-get install chromium), or say where it is in CHROMIUM.'
cd crates/js
npx --no-install tsc --project test/types/tsconfig.json
node --test --test-reporter=spec test/*.test.mjs
