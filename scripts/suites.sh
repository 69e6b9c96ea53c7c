# How scripts/test runs checks and counts what passes; sourced by it, after common.sh. Logs of suites are in $logs.

passed=0
failed=0
# What could not be checked here, and why: a line each.
skipped=()
# The status of a suite that could check nothing at all, as automake's.
nothing_checked=77

# Runs a check that counts as one: check NAME COMMAND...
check() {
  local name=$1 start=$SECONDS
  shift
  say "$name"
  if "$@"; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    say "FAILED: $name"
  fi
  say "$name: $((SECONDS - start)) s"
}

# Runs a suite that counts its own and says 'N passed, N failed' last: suite [--may-skip] NAME COMMAND...
#
# One that may skip says what it can't check here in lines 'skipped: …', which are repeated at the end of all, and ends
# with a status of its own if that is everything. From all others this status is a failure like any: what has checked
# nothing has not passed.
suite() {
  local may_skip=false
  if [ "$1" = --may-skip ]; then
    may_skip=true
    shift
  fi
  local name=$1 start=$SECONDS status=0 log=$logs/$1.log reasons=()
  shift
  say "$name"
  "$@" 2>&1 | tee "$log" || status=$?
  if $may_skip; then
    mapfile -t reasons < <(sed -n 's/^skipped: //p' "$log")
    skipped+=("${reasons[@]/#/$name: }")
    if [ "$status" -eq "$nothing_checked" ] && [ "${#reasons[@]}" -gt 0 ] && grep -qx '0 passed, 0 failed' "$log"; then
      return
    fi
  fi
  count_from "$name" "$status" "$(sed -nE 's/^([0-9]+) passed, ([0-9]+) failed$/\1 \2/p' "$log" | tail -n 1)"
  say "$name: $((SECONDS - start)) s"
}

# A suite that ends badly without having counted a failure (it crashed, or ran nothing) has failed.
count_from() {
  local name=$1 status=$2 ran fell
  read -r ran fell <<<"${3:-0 0}"
  if [ "$fell" -eq 0 ] && { [ "$status" -ne 0 ] || [ "$ran" -eq 0 ]; }; then
    say "FAILED: $name ended with status $status after $ran passed"
    fell=1
  fi
  passed=$((passed + ran))
  failed=$((failed + fell))
}

# The last lines of all; fails if something has.
sum_up() {
  [ "${#skipped[@]}" -eq 0 ] || printf "%s\n" "${skipped[@]/#/$script: SKIPPED: }"
  echo "$passed passed, $failed failed"
  [ "$failed" -eq 0 ]
}
