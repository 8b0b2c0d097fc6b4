#!/usr/bin/env bash
# The one entry for everything that is built, shown and tested. Run it without arguments to see what it can do.
# A command is a function `do_NAME` and a line in `usage`.
set -euo pipefail
cd "$(dirname "$0")"

# The npm package and the web page; `js test` runs their tests too, and needs the component, Node and Chromium.
do_js() { crates/js/build.sh "$@"; }

usage() {
    cat <<'TEXT'
./build.sh COMMAND

  component     the sealed WebAssembly component            -> dist/message-trace.wasm
  plain         the same without SIMD, for other hosts      -> dist/message-trace-plain.wasm
  program       the native program, component inside        -> dist/message-trace
  all           component, program
  demo          sets up, builds, and shows rows becoming events
  test          everything that CI runs
  reproducible  builds the component twice in different folders and compares
  js [test]     the npm package and the web page            -> dist/npm, dist/message-trace.html
TEXT
}

target_dir=${CARGO_TARGET_DIR:-target}

say() { printf '\n== %s\n' "$*"; }
fail() { printf 'build.sh: %s\n' "$*" >&2; exit 1; }

# The tools a build needs: rustup brings the pinned compiler and the wasm targets.
need_rust() {
    command -v rustup >/dev/null ||
        fail 'rustup is missing: install it from https://rustup.rs and open a new shell.'
    command -v cargo >/dev/null || fail 'cargo is missing from PATH: add ~/.cargo/bin to it.'
    # The compiler that rust-toolchain.toml names; rustup installs nothing by itself where that is switched off.
    local channel
    channel=$(sed -n 's/^channel = "\(.*\)"$/\1/p' rust-toolchain.toml)
    if ! rustc --version >/dev/null 2>&1; then
        rustup toolchain install "$channel" --profile minimal --component rustfmt,clippy ||
            fail "cannot install Rust $channel: is there a network connection?"
    fi
    local wanted missing=()
    for wanted in "$@"; do
        rustup target list --installed | grep -qx "$wanted" || missing+=("$wanted")
    done
    if ((${#missing[@]})); then
        rustup target add "${missing[@]}" ||
            fail "cannot install the Rust targets ${missing[*]}: is there a network connection?"
    fi
}

# Flags that keep every folder of this machine out of the guest, so that two machines build the same bytes.
# Separated by 0x1f: a folder may have a space in its name.
guest_flags() {
    local sysroot cargo_home separator=$'\x1f' flags
    sysroot=$(rustc --print sysroot)
    cargo_home=${CARGO_HOME:-$HOME/.cargo}
    flags="--remap-path-prefix=$(pwd -P)=/message-trace"
    flags+="${separator}--remap-path-prefix=$(cd "$cargo_home" && pwd -P)=/cargo"
    flags+="${separator}--remap-path-prefix=$sysroot/lib/rustlib/src/rust=/rustc"
    [ -z "${1:-}" ] || flags+="${separator}-Ctarget-feature=$1"
    printf '%s' "$flags"
}

# build_guest TARGET_FEATURES FOLDER -> path of the core module. One crate type alone: with two, cargo leaves LTO out.
build_guest() {
    need_rust wasm32-unknown-unknown
    env -u RUSTFLAGS CARGO_ENCODED_RUSTFLAGS="$(guest_flags "$1")" \
        cargo rustc --quiet --locked --package message-trace --lib --release --crate-type cdylib \
        --target wasm32-unknown-unknown --target-dir "$2"
}

do_component() {
    build_guest +simd128 "$target_dir/component"
    mkdir -p dist
    cargo run --quiet --locked --package message-trace-seal -- \
        "$target_dir/component/wasm32-unknown-unknown/release/message_trace.wasm" dist/message-trace.wasm
}

do_plain() {
    build_guest '' "$target_dir/plain"
    mkdir -p dist
    cargo run --quiet --locked --package message-trace-seal -- \
        "$target_dir/plain/wasm32-unknown-unknown/release/message_trace.wasm" dist/message-trace-plain.wasm
}

do_program() {
    [ -f dist/message-trace.wasm ] || do_component
    cargo build --locked --profile program --package message-trace-harness
    mkdir -p dist
    cp "$target_dir/program/message-trace" dist/message-trace
    printf '%s\n' dist/message-trace
}

do_all() { do_component; do_program; }

case "${1:-}" in
    '' | help | -h | --help) usage ;;
    *)
        command=${1//-/_}
        declare -F "do_$command" >/dev/null || { usage >&2; fail "there is no command \"$1\""; }
        shift
        "do_$command" "$@"
        ;;
esac
