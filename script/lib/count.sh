# shellcheck shell=bash
# Counts tests over all suites. Source it; counts are kept in PASSED, FAILED, SKIPPED and the list FAILURES.

PASSED=0
FAILED=0
SKIPPED=0
FAILURES=()

# Adds a suite's numbers ($2 passed, $3 failed, $4 skipped) and prints them.
count() {
    PASSED=$((PASSED + $2))
    FAILED=$((FAILED + $3))
    SKIPPED=$((SKIPPED + ${4:-0}))
    if [ "$3" -gt 0 ]; then FAILURES+=("$1"); fi
    say "   $1: $2 passed, $3 failed$([ "${4:-0}" -gt 0 ] && printf ', %d skipped' "$4" || true)"
}

# Adds a suite that was left out, with the reason.
count_skipped() {
    SKIPPED=$((SKIPPED + 1))
    say "   $1: skipped, $2"
}

# Counts the TAP lines of file $2 for suite $1; exit status $3 of its program makes an unexplained end a failure.
count_tap() {
    local passed failed skipped
    skipped=$(grep -ciE '^ok .*# skip|^1\.\.0 # skip' "$2" || true)
    passed=$(grep -cE '^ok ' "$2" || true)
    failed=$(grep -E '^not ok ' "$2" | grep -cvi '# todo' || true)
    passed=$((passed - $(grep -ciE '^ok .*# skip' "$2" || true)))
    if [ "$3" -ne 0 ] && [ "$failed" -eq 0 ]; then failed=1; fi
    count "$1" "$passed" "$failed" "$skipped"
    if [ "$skipped" -gt 0 ]; then grep -oiE '# skip.*' "$2" | sort -u | head -n 3 | sed 's/^#/     /'; fi
}

# Counts the `test … ok` and `test … FAILED` lines, from PostgreSQL 16 on `ok 1 - test` and `not ok 1 - test`, of a
# pg_regress log $2 for suite $1 with exit status $3.
count_regress() {
    local passed failed
    passed=$(grep -cE '\.\.\. ok|^ok ' "$2" || true)
    failed=$(grep -cE '\.\.\. FAILED|^not ok ' "$2" || true)
    if [ "$3" -ne 0 ] && [ "$failed" -eq 0 ]; then failed=1; fi
    count "$1" "$passed" "$failed"
}

# Counts the `Test #n: … Passed` and other lines of a ctest log $2 for suite $1 with exit status $3.
count_ctest() {
    local passed failed
    passed=$(grep -cE 'Test +#[0-9]+: .* Passed ' "$2" || true)
    failed=$(grep -cE 'Test +#[0-9]+: .*(\*\*\*|Not Run)' "$2" || true)
    if [ "$3" -ne 0 ] && [ "$failed" -eq 0 ]; then failed=1; fi
    count "$1" "$passed" "$failed"
}

# Counts by the last `N passed, N failed` line of log $2; without one, the exit status $3 counts as one test.
count_summary() {
    local line
    line=$(grep -oE '[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?' "$2" | tail -n 1)
    if [ -z "$line" ]; then
        count "$1" "$([ "$3" -eq 0 ] && echo 1 || echo 0)" "$([ "$3" -eq 0 ] && echo 0 || echo 1)"
        return
    fi
    # shellcheck disable=SC2046
    set -- "$1" "$3" $(printf '%s' "$line" | grep -oE '[0-9]+')
    if [ "$2" -ne 0 ] && [ "$4" -eq 0 ]; then set -- "$1" "$2" "$3" 1 "${5:-0}"; fi
    count "$1" "$3" "$4" "${5:-0}"
}

# Prints the closing line; fails if a test failed.
count_report() {
    if [ "${#FAILURES[@]}" -gt 0 ]; then say "failed: ${FAILURES[*]}"; fi
    say "$PASSED passed, $FAILED failed$([ "$SKIPPED" -gt 0 ] && printf ', %d skipped' "$SKIPPED" || true)"
    [ "$FAILED" -eq 0 ]
}
