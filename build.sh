#!/usr/bin/env bash
# The one entry for everything that is built, shown and tested. Run it without arguments to see what it can do.
# A command is a function `do_NAME` and a line in `usage`.
set -euo pipefail
shopt -s inherit_errexit
cd "$(dirname "$0")"

# The npm package and the web page; `js test` runs their tests too, and needs the component, Node and Chromium.
do_js() { crates/js/build.sh "$@"; }

usage() {
    cat <<'TEXT'
./build.sh COMMAND

  demo          sets everything up, builds, and shows rows becoming events
  test          everything that CI runs
  house         who may depend on whom, how long files may be; part of `test`
  component     the sealed WebAssembly component            -> dist/message-trace.wasm
  plain         the same without SIMD, for other hosts      -> dist/message-trace-plain.wasm
  integrations  what destinations install: templates, rules, dashboards -> dist/elastic, dist/sentinel, dist/splunk, dist/sigma, dist/grafana
  content       rules and dashboards over planted events; part of `test`
  fluent-bit    the filter of Fluent Bit                    -> dist/message-trace-fluent-bit.wasm
  tangent       the mapper of Tangent                       -> dist/message-trace-tangent.wasm
  program       the native program, component inside        -> dist/message-trace
                (--no-default-features leaves the command `simulate` out, --features streams brings `transform` in,
                --features kafka Kafka beside it, which needs the headers of OpenSSL, --features analytics `lookalike`, --features engine `archive`, `query`, `detect` and `report` beside it,
                --features cluster `query --cluster`)
  all           component, plain, program with the page of `report` (where Node is), integrations
  campaign      10,000 tenant-days of polling in virtual time, 10,000 kills, 20,000 torn ledgers
  mutations     breaks the core of polling in fifteen ways, and shows that the campaign sees each
  planted       how good `detect` is: a made-up tenant of 20,000 users and a year with known incidents, and the article's
                threshold beside it; takes long. SEED=2 USERS=2000 DAYS=120 for another or a smaller one
  streams       a million rows through NATS and one or two workers, one of them killed; needs nats-server; ROWS=100000 for less
  query-bench   every question by this program and by DuckDB, over an archive of 1,000,000 messages (or as many as follow)
  cluster       every question by a Ballista cluster (a scheduler, two executors on this machine, built first) and by one process
  spark         the same by Spark; needs Java 17 or later
  slow-sink     ten minutes of polling into a sink that takes a tenth of what the quota gives: memory stays flat
  reproducible  builds the component twice in different folders and compares
  js [test]     the npm package and the web page            -> dist/npm, dist/message-trace.html
  wit           the interface as a package file             -> dist/message-trace-events.wit.wasm
  core          the plain core module, with and without SIMD -> dist/message-trace-core.wasm
  extism        the Extism plug-in                          -> dist/message-trace-extism.wasm
  python        the Python wheel, and its tests             -> dist/message_trace-*.whl
  conformance   every host that is installed against the library; builds what is missing
  bench         how fast it is, beside what one would pick instead; --quick, --full (1e7 lines), --no-vrl
                (VRL builds for ten minutes)                -> dist/bench.txt, bench.json, bench.svg
TEXT
}

target_dir=${CARGO_TARGET_DIR:-target}
guest=wasm32-unknown-unknown
# What tools are built with: the program's profile builds them quickest from nothing, the tests have them built already.
tool_profile=program

say() { printf '\n== %s\n' "$*"; }
fail() { printf 'build.sh: %s\n' "$*" >&2; exit 1; }

# The compiler that rust-toolchain.toml pins, and the wasm targets that are asked for.
need_rust() {
    command -v rustup >/dev/null || fail 'rustup is missing: install it from https://rustup.rs and open a new shell.'
    command -v cargo >/dev/null || fail 'cargo is not on PATH: add ~/.cargo/bin to it.'
    command -v cc >/dev/null || fail 'a C compiler is missing: install one (Debian and Ubuntu: apt-get install gcc libc6-dev).'
    local channel wanted missing=()
    channel=$(sed -n 's/^channel = "\(.*\)"$/\1/p' rust-toolchain.toml)
    # rustup installs nothing by itself where that is switched off.
    rustc --version >/dev/null 2>&1 ||
        rustup toolchain install "$channel" --profile minimal --component rustfmt,clippy ||
        fail "cannot install Rust $channel: is there a network connection?"
    for wanted in "$@"; do
        rustup target list --installed | grep -qx "$wanted" || missing+=("$wanted")
    done
    if ((${#missing[@]})); then
        rustup target add "${missing[@]}" || fail "cannot install ${missing[*]}: is there a network connection?"
    fi
}

# The dependencies, so that a missing network is said once and plainly.
need_dependencies() {
    cargo fetch --quiet --locked || fail 'cannot fetch the dependencies: is there a network connection?'
}

# Flags that keep every folder of this machine out of the guest, so that two machines build the same bytes.
# Separated by 0x1f: a folder may have a space in its name.
guest_flags() {
    local cargo_home registry separator=$'\x1f' flags
    cargo_home=$(cd "${CARGO_HOME:-$HOME/.cargo}" && pwd -P)
    flags="--remap-path-prefix=$(pwd -P)=/message-trace"
    flags+="${separator}--remap-path-prefix=$cargo_home=/cargo"
    # The registry's folder has a name of its own behind a mirror. The last flag that fits counts.
    for registry in "$cargo_home"/registry/src/*; do
        flags+="${separator}--remap-path-prefix=$registry=/cargo/registry"
    done
    flags+="${separator}--remap-path-prefix=$(rustc --print sysroot)/lib/rustlib/src/rust=/rustc"
    [ -z "${1:-}" ] || flags+="${separator}-Ctarget-feature=$1"
    printf '%s' "$flags"
}

# build_guest TARGET_FEATURES: builds the core module and says where it is. One crate type alone: with two, cargo leaves
# LTO out.
build_guest() {
    local folder=$target_dir/guest$1
    env -u RUSTFLAGS CARGO_ENCODED_RUSTFLAGS="$(guest_flags "$1")" \
        cargo rustc --quiet --locked --package message-trace --lib --release --crate-type cdylib \
        --target "$guest" --target-dir "$folder" >&2
    printf '%s\n' "$folder/$guest/release/message_trace.wasm"
}

# seal_guest TARGET_FEATURES FILE
seal_guest() {
    need_rust "$guest"
    need_dependencies
    local core
    core=$(build_guest "$1")
    mkdir -p dist
    cargo run --quiet --locked --profile "$tool_profile" --package message-trace-seal -- "$core" "$2"
}

# build_adapter PACKAGE: builds a host's own core module, without SIMD.
build_adapter() {
    need_rust "$guest"
    need_dependencies
    env -u RUSTFLAGS CARGO_ENCODED_RUSTFLAGS="$(guest_flags '')" \
        cargo rustc --quiet --locked --package "$1" --lib --release --crate-type cdylib \
        --target "$guest" --target-dir "$target_dir/${1#message-trace-}"
    mkdir -p dist
}

do_fluent_bit() {
    build_adapter message-trace-fluent-bit
    # For an interpreter; see crates/seal/src/locals.rs.
    cargo run --quiet --locked --profile "$tool_profile" --package message-trace-seal -- --without-tees \
        "$target_dir/fluent-bit/$guest/release/message_trace_fluent_bit.wasm" dist/message-trace-fluent-bit.wasm
    printf '%s\n' dist/message-trace-fluent-bit.wasm
}

do_tangent() {
    build_adapter message-trace-tangent
    cargo run --quiet --locked --profile "$tool_profile" --package message-trace-seal -- --imports \
        "$target_dir/tangent/$guest/release/message_trace_tangent.wasm" dist/message-trace-tangent.wasm
}

do_component() { seal_guest +simd128 dist/message-trace.wasm; }
do_plain() { seal_guest '' dist/message-trace-plain.wasm; }

do_program() {
    case " $* " in
        *kafka*) pkg-config --exists openssl 2>/dev/null && command -v make c++ >/dev/null ||
            fail 'Kafka needs make, a C++ compiler, pkg-config and the headers of OpenSSL (Debian and Ubuntu: apt-get install make g++ pkg-config libssl-dev).' ;;
    esac
    case " $* " in
        *engine*) [ -f dist/message-trace-report-template.html ] ||
            printf 'The page of `report` is not built (./build.sh js, which needs Node): the command will need --template.\n' >&2 ;;
    esac
    [ -f dist/message-trace.wasm ] || do_component
    cargo build --quiet --locked --profile program --package message-trace-program "$@"
    mkdir -p dist
    # Not in place: it may be running.
    cp "$target_dir/program/message-trace" dist/.message-trace
    mv dist/.message-trace dist/message-trace
    printf 'dist/message-trace\n'
}

# What Elasticsearch, Sentinel and Splunk install before the first event, and rules for all of them.
do_integrations() {
    local name
    for name in elastic sentinel splunk sigma grafana; do
        rm -rf "dist/$name"
        mkdir -p dist
        cp -R "integrations/$name" "dist/$name"
        printf 'dist/%s\n' "$name"
    done
}

# The page that the command `report` fills. It needs Node, and the program does not need it.
try_page() {
    local without='`report` needs --template then'
    node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 20 ? 0 : 1)' 2>/dev/null && command -v npm >/dev/null ||
        { printf 'Without the page: Node 20 or later, or npm, is missing; %s.\n' "$without" >&2; return 0; }
    do_js || printf 'Without the page: it could not be built; %s.\n' "$without" >&2
}

do_all() {
    do_component
    do_plain
    try_page
    do_program --features kafka,engine
    do_integrations
}

# The core module alone, by its path; `reproducible` calls it in its copy.
do_component_core() {
    need_rust "$guest"
    need_dependencies
    build_guest +simd128
}

# Builds the core module in a copy in another folder, with a CARGO_HOME of its own, and compares the bytes.
do_reproducible() {
    local copy here there
    copy=$(mktemp -d)
    # shellcheck disable=SC2064 # the folder is known now
    trap "rm -rf '$copy'" EXIT
    mkdir "$copy/another folder" "$copy/cargo-home"
    git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -t "$copy/another folder"
    here=$(do_component_core)
    there=$(cd "$copy/another folder" && CARGO_HOME=$copy/cargo-home CARGO_TARGET_DIR=$copy/target ./build.sh component-core)
    cmp "$here" "$there" || fail 'two builds of the same source differ'
    ! grep -qaF -e "$copy" -e "$HOME" -e "$(pwd -P)" "$here" || fail 'a folder of the builder is inside'
    printf 'the same %s bytes from two folders\n' "$(wc -c <"$here")"
}

do_demo() {
    local started=$SECONDS
    say 'Setting up: compiler, wasm target, dependencies'
    need_rust "$guest"
    need_dependencies
    say 'Building the component, which imports nothing'
    do_component
    say 'Building the program around it (some minutes the first time)'
    do_program
    demo_rows
    demo_poll
    say "Done in $((SECONDS - started)) s. Try: dist/message-trace normalize --help"
    printf 'Months of mail as one page, after ./build.sh all: dist/message-trace report --archive DIR -o report.html\n'
}

# Real rows, each beside its event.
demo_rows() {
    local row
    for row in graph-delivered reporting-getting-status; do
        say "A raw row ($row)"
        cat "fixtures/$row.in.txt"
        say 'Its event, through the component'
        dist/message-trace normalize --pretty "fixtures/$row.in.txt"
    done
    say 'The same row as strict ECS, and a line that is no row'
    { cat fixtures/graph-delivered.in.txt; printf '\nnot a row\n'; } |
        dist/message-trace normalize --target ecs --no-original --organization-domain example.com --pretty
}

# A day of a simulated tenant, polled through the component; every address and secret is the simulator's own.
demo_poll() {
    # Before the command `poll` there is nothing to show.
    dist/message-trace help | grep -q '^  poll ' || return 0
    say 'Polling a simulated tenant, with faults, through the component: the first events and the summary'
    local folder simulator name value
    folder=$(mktemp -d)
    dist/message-trace simulate --print-env --days 2 --faults some >"$folder/settings" &
    simulator=$!
    # shellcheck disable=SC2064 # both are known now
    trap "kill $simulator 2>/dev/null || true; rm -rf '$folder'" EXIT
    for _ in $(seq 100); do
        grep -q '^MESSAGE_TRACE_CLIENT_SECRET=' "$folder/settings" && break
        sleep 0.1
    done
    (
        while IFS='=' read -r name value; do export "$name=$value"; done <"$folder/settings"
        timeout 60 dist/message-trace poll --ledger "$folder/ledger.db" --since 24h --once --sink stdout --target ecs \
            --tenant-id "$MESSAGE_TRACE_TENANT_ID" --client-id "$MESSAGE_TRACE_CLIENT_ID" \
            --graph-url "$MESSAGE_TRACE_GRAPH_URL" --login-url "$MESSAGE_TRACE_LOGIN_URL"
    ) >"$folder/events" || fail 'polling the simulated tenant failed'
    head -n 2 "$folder/events"
    printf '… %s events\n' "$(wc -l <"$folder/events")"
}

# shellcheck source=crates/bench/build.sh
. crates/bench/build.sh

# shellcheck source=.ci/test.sh
. .ci/test.sh

# shellcheck source=.ci/house.sh
. .ci/house.sh

# shellcheck source=.ci/mutations.sh
. .ci/mutations.sh

# shellcheck source=.ci/hosts.sh
. .ci/hosts.sh
# SEEDS, KILLS and TORN_IMAGES make it shorter or longer; `cargo test --test campaign -- --seed N` replays one seed.
do_campaign() {
    say 'tenant-days in virtual time'
    cargo test --locked --package message-trace-collector --test campaign -- --seeds "${SEEDS:-10000}"
    say 'kill -9 at random moments'
    KILLS=${KILLS:-10000} cargo test --locked --package message-trace-program --test kills
    say 'torn ledgers'
    TORN_IMAGES=${TORN_IMAGES:-20000} cargo test --locked --package message-trace-collector --lib -- ledger::file
}

do_streams() {
    command -v nats-server >/dev/null || fail 'nats-server is missing (Debian and Ubuntu: apt-get install nats-server).'
    do_program --features streams
    cargo run --quiet --locked --profile program --package message-trace-streams --example throughput -- \
        dist/message-trace "${ROWS:-1000000}"
}

do_query_bench() {
    do_program --features engine
    duckdb_tools
    "$target_dir/tools/duckdb/bin/python" crates/analytics/bench/questions.py dist/message-trace "$@"
}

# The servers are those of Ballista's own release: what asks them is not what answers.
do_cluster() {
    local servers=$target_dir/tools/ballista name
    do_program --features cluster
    for name in ballista-scheduler ballista-executor; do
        [ -x "$servers/bin/$name" ] ||
            CARGO_PROFILE_DEV_DEBUG=0 cargo install --quiet --debug --locked --no-default-features --features build-binary \
                --root "$servers" "$name@55.0.0"
    done
    python3 crates/analytics/tests/cluster/questions.py dist/message-trace \
        "$servers/bin/ballista-scheduler" "$servers/bin/ballista-executor"
}

do_spark() {
    local folder=$target_dir/tools/spark
    command -v java >/dev/null || fail 'Spark needs Java 17 or later (Debian and Ubuntu: apt-get install default-jre-headless).'
    do_program --features engine
    [ -x "$folder/bin/python" ] && "$folder/bin/python" -c 'import pyspark' 2>/dev/null ||
        { python3 -m venv "$folder" && "$folder/bin/pip" install --quiet pyspark==4.1.0; }
    "$folder/bin/python" crates/analytics/tests/spark/questions.py dist/message-trace
}

# What is planted and what finds it know nothing of each other; only the score reads both. The folder is new each time.
do_planted() {
    local folder
    mkdir -p "$target_dir/planted"
    folder=$(mktemp -d "$target_dir/planted/XXXXXX")
    [ -n "${PROGRAM:-}" ] || do_program --features engine
    cargo run --quiet --locked --profile "$tool_profile" --package message-trace-planted -- measure \
        --program "${PROGRAM:-dist/message-trace}" --folder "$folder/run" --explain \
        --seed "${SEED:-1}" --users "${USERS:-20000}" --days "${DAYS:-365}" --mail "${MAIL:-1}"
    rm -r "$folder/run/archive"
    printf 'truth.ndjson and alerts.ndjson are in %s\n' "$folder/run"
}

do_slow_sink() {
    do_program
    python3 crates/bench/slow-sink.py dist/message-trace "${LENGTH:-600}"
}

case "${1:-}" in
    '' | help | -h | --help) usage ;;
    *)
        command=${1//-/_}
        declare -F "do_$command" >/dev/null || { usage >&2; fail "there is no command \"$1\""; }
        shift
        "do_$command" "$@"
        ;;
esac
