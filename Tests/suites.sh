# shellcheck shell=bash
# Suites, one after the other, then a table of what passed, failed or was skipped; sourced by `Tests/run` and
# `Tests/World/run`.
#
# The exit status is honest: 0 only if nothing failed; and with CI=true a skip is a failure, because
# a check that silently stopped running is worse than one that fails.
log=$(mktemp -d)
trap 'rm -rf "$log"' EXIT
rows=() failures=() remarks=() passed=0 failed=0 skipped=0
started=$SECONDS

# suite NAME COMMAND...: the suite's own closing line tells how many checks it made.
suite() {
  local name=$1 begin=$SECONDS status count verdict left_out
  shift
  printf '\n== %s: %s\n' "$name" "$*"
  "$@" 2>&1 | tee "$log/$name"
  status=${PIPESTATUS[0]}
  mapfile -t left_out < <(sed -nE 's/^➜ +Test (.*) skipped(\.|: (.*))$/\1 \3/p' "$log/$name")
  count=$(checks <"$log/$name")
  [ -z "$count" ] || count=$((count - ${#left_out[@]}))
  if [ "$status" -eq 0 ]; then
    verdict=passed passed=$((passed + ${count:-1}))
  else
    verdict="FAILED ($status)" failed=$((failed + 1))
    mapfile -t -O "${#failures[@]}" failures < <(reasons "$log/$name" | head -n 20)
  fi
  row "$name" "$verdict" "$((SECONDS - begin)) s" "${count:+$count checks}"
  local test
  for test in "${left_out[@]}"; do
    skip "$name" "$test"
  done
}

# The number of checks in a suite's closing line, if it has one: `swift test`, which counts what it
# skipped too, or `N passed, M failed`.
checks() {
  sed -nE 's/.*Test run with ([0-9]+) tests?.* passed.*/\1/p; s/^([0-9]+) passed, .*/\1/p' |
    awk '{ sum += $1 } END { if (NR) print sum }'
}

# reasons LOG: the lines that say what failed, which may stand thousands of lines above the end.
reasons() {
  grep -aE '^✘ .* recorded an issue|^FAIL|error:' "$1" | cut -c 1-400
}

# skip NAME REASON
skip() {
  row "$1" SKIPPED '' "$2"
  skipped=$((skipped + 1))
}

# row NAME VERDICT TIME REMARK
row() {
  rows+=("$(printf '%-12s %-12s %7s  %s' "$@")")
}

# verdict: the table and the closing line; the exit status of the whole.
verdict() {
  printf '\n== what was tested\n'
  printf '%s\n' "${rows[@]}"
  [ ${#failures[@]} -eq 0 ] || printf '%s\n' "${failures[@]}"
  if [ "${CI:-}" = true ] && [ $skipped -gt 0 ]; then
    echo "CI=true: a skipped suite is a failure"
    failed=$((failed + skipped))
  fi
  # Trouble of the world outside, such as an archive that cannot be reached, fails nothing.
  [ ${#remarks[@]} -eq 0 ] || printf '%s\n' "${remarks[@]}"
  echo "$passed passed, $failed failed, $skipped skipped in $((SECONDS - started)) s"
  [ $failed -eq 0 ]
}

# remark NAME REASON: for what could not be tried today and is nobody's fault here.
remark() {
  row "$1" 'not today' '' "$2"
  remarks+=("$1 was not tried: $2")
}
