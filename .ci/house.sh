# The rules of the house: who may depend on whom, how long a file and a crate may be. Read by build.sh.

# Which crates of this repository each crate may depend on. An arrow that is not here is a mistake or a decision.
house_arrows='
remedy
details
rows        message-trace
host        message-trace
normalize   message-trace host remedy
net         remedy
sources     rows
sinks       net remedy rows
collector   remedy rows sources
folder      collector normalize rows
lookalike
page        lookalike
planted
sigma
stores      net remedy
analytics   message-trace lookalike remedy sigma stores
program     message-trace analytics collector folder host net normalize remedy rows simulator sinks sources streams
streams     message-trace host remedy sinks
'
# What must not be anywhere below a crate: the core of polling has no socket and no compiler, the host no network.
house_barred='
collector   http ureq rustls ring wasmtime clap log chrono/now
host        http ureq rustls ring rusqlite clap
rows        http ureq rustls ring wasmtime rusqlite clap
sources     ureq rustls wasmtime rusqlite clap
'
house_file_lines=450
house_crate_lines=8000

do_house() {
    local crate rest name found bad=0
    while read -r crate rest; do
        [ -n "$crate" ] || continue
        while read -r found _; do
            name=${found#message-trace-}
            [ "$name" = "$crate" ] || [[ " $rest " == *" $name "* ]] ||
                { printf 'crates/%s must not depend on %s\n' "$crate" "$found"; bad=1; }
        done < <(house_tree "$crate" 1 | grep '^message-trace')
    done <<<"$house_arrows"
    while read -r crate rest; do
        [ -n "$crate" ] || continue
        for name in $rest; do
            case $name in
                */*) found=$(cargo tree --locked --package "message-trace-$crate" --edges normal,features --prefix none |
                    grep -x "${name%/*} feature \"${name#*/}\".*" || true) ;;
                *) found=$(house_tree "$crate" 99 | grep -E "^$name v" || true) ;;
            esac
            [ -z "$found" ] || { printf 'crates/%s must do without %s\n' "$crate" "$name"; bad=1; }
        done
    done <<<"$house_barred"
    git ls-files --cached --others --exclude-standard -- '*.rs' '*.sh' '*.py' '*.js' '*.mjs' |
        while read -r name; do [ ! -e "$name" ] || printf '%s %s\n' "$(wc -l <"$name")" "$name"; done |
        awk -v file="$house_file_lines" -v crate="$house_crate_lines" '
            $1 > file { printf "%s has %d lines; %d are too many to read in one sitting\n", $2, $1, file; bad = 1 }
            # What one has to know to work on a crate; its tests stand beside it.
            split($2, part, "/") > 3 && part[1] == "crates" && part[3] == "src" { lines[part[2]] += $1 }
            END {
                for (name in lines) if (lines[name] > crate) {
                    printf "crates/%s has %d lines; %d are too many for one job\n", name, lines[name], crate; bad = 1
                }
                exit bad
            }' || bad=1
    ((bad == 0)) || return 1
    printf 'every crate keeps to its dependencies, every file to %s lines\n' "$house_file_lines"
}

# house_tree CRATE DEPTH: what it depends on when it runs, one a line.
house_tree() {
    cargo tree --locked --package "message-trace-$1" --edges normal --depth "$2" --prefix none --no-dedupe | sort -u
}
