# Deliberate faults in the core, and whether the campaign sees them. Read by build.sh.

# Breaks a copy in one way at a time and runs some days of the campaign there; SEEDS makes it more. A fault that no counter
# shows is a fault of the campaign.
do_mutations() {
    need_rust
    local list=crates/collector/tests/campaign/mutations.txt copy what file expression counters missed=0 found
    copy=$target_dir/mutations
    rm -rf "$copy/tree"
    mkdir -p "$copy/tree"
    git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -t "$copy/tree"
    printf '%-52s %-24s %s\n' 'what is broken' 'has to show in' 'shows in'
    while IFS='@' read -r what file expression counters; do
        what=${what% } file=${file// /} counters=${counters# }
        expression=${expression# } expression=${expression% }
        cp "$file" "$copy/before"
        perl -0pi -e "$expression" "$copy/tree/$file"
        if cmp -s "$copy/before" "$copy/tree/$file"; then
            found='the expression finds nothing to break'
            missed=$((missed + 1))
        else
            found=$(mutant "$copy")
            # shellcheck disable=SC2086 # a list of words
            shows_one "$found" $counters || missed=$((missed + 1))
        fi
        printf '%-52s %-24s %s\n' "$what" "$counters" "$found"
        cp "$copy/before" "$copy/tree/$file"
    done < <(grep -v '^#' "$list")
    ((missed == 0)) || fail "$missed faults are not seen"
}

# mutant COPY: the counters that rise, as words.
mutant() {
    local folder out
    folder=$(cd "$1" && pwd)
    out=$(cd "$folder/tree" && CARGO_TARGET_DIR=$folder/target \
        timeout 900 cargo test --quiet --locked --package message-trace-collector --test campaign -- \
        --seeds "${SEEDS:-60}" --without-peers 2>/dev/null) || true
    awk '
        # Kinds of trouble are the first word of a line of counters.
        $1 == "seeds" { for (at = 1; at <= NF; at++) name[at + 1] = $at }
        $1 ~ /^(calm|rough|harsh|busy)$/ {
            for (at = 4; at <= NF; at++) if (name[at] ~ /^(lost|stale|corrupt|spurious|disorder|unasked|more|gaps|keys|429|ended|untold|foreign)$/) {
                sum[name[at]] += $at
            }
            for (at = 4; at <= NF; at++) if (name[at] == "peak" && $at > 90) sum["peak"] = $at
            for (at = 4; at <= NF; at++) if (name[at] == "asked" && $at > 45) sum["asked"] = $at
        }
        /bad requests/ { sum["bad"] += $1 }
        END { for (word in sum) if (sum[word]) printf "%s ", word }
    ' <<<"$out"
}

# shows_one FOUND COUNTER…
shows_one() {
    local found=" $1 " word
    shift
    for word; do [[ $found == *" $word "* ]] && return; done
    return 1
}
