# shellcheck shell=bash
# The command `bench` of build.sh, which reads this file; what is not defined here is defined there.

# The normalizer for WASI with the flags of the sealed component; for measuring only.
build_wasip2() {
    need_rust wasm32-wasip2
    env -u RUSTFLAGS CARGO_ENCODED_RUSTFLAGS="$(guest_flags +simd128)" \
        cargo rustc --quiet --locked --package message-trace --lib --release --crate-type cdylib \
        --target wasm32-wasip2 --target-dir "$target_dir/guest-wasip2"
    cp "$target_dir/guest-wasip2/wasm32-wasip2/release/message_trace.wasm" crates/bench/target/parts/wasip2.wasm
}

# build_native NAME FLAGS: the normalizer as a program of its own that the bench asks to run.
build_native() {
    RUSTFLAGS="$2" cargo build --quiet --locked --manifest-path crates/bench/Cargo.toml \
        --package message-trace-native --profile native --target-dir "crates/bench/target/$1"
    cp "crates/bench/target/$1/native/message-trace-native" "crates/bench/target/parts/$1"
}

# Builds everything that is compared and measures it in one run. What is not there is said, not hidden.
do_bench() {
    local rows=200000 rounds=7 more=() features=() argument work=crates/bench/target/parts
    for argument in "$@"; do
        case "$argument" in
            --quick) rows=20000 rounds=3 ;;
            --full) more+=(--full) ;;
            --no-vrl) features+=(--no-default-features) ;;
            *) fail "bench: there is no option \"$argument\"" ;;
        esac
    done
    mkdir -p dist "$work"
    say 'Building the component, also without SIMD and for WASI'
    do_component
    do_plain >/dev/null
    build_wasip2
    say 'Building the program'
    do_program
    say 'Building the normalizer natively'
    build_native native-default ''
    if [ "$(uname -m)" = x86_64 ] && grep -qw avx2 /proc/cpuinfo; then
        build_native native-v3 '-C target-cpu=x86-64-v3'
    fi
    say 'Installing orjson for Python'
    if ! { [ -x "$work/venv/bin/python" ] || python3 -m venv "$work/venv"; }; then
        printf 'skipped: there is no python3 with venv\n'
    elif ! "$work/venv/bin/python" -c 'import orjson' 2>/dev/null; then
        "$work/venv/bin/pip" install --quiet 'orjson==3.13.0' || printf 'skipped: orjson cannot be installed\n'
    fi
    say 'Building what is compared (with VRL ten minutes the first time)'
    cargo build --release --locked --manifest-path crates/bench/Cargo.toml --package message-trace-bench \
        --target-dir crates/bench/target "${features[@]}"
    say 'Measuring'
    crates/bench/target/release/message-trace-bench --dist dist --work "$work" --rows "$rows" --rounds "$rounds" \
        "${more[@]}"
}
