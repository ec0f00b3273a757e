# lib.bash: what the end-to-end tests share. Sourced with the path of syncguard as $1; each script has
# a cluster of its own in $CLUSTER, and leaves nothing running.
set -euo pipefail
export LC_ALL=C TZ=UTC

E2E=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TOP=$(cd "$E2E/../.." && pwd)
if [[ ! -x ${1-} || $(id -u) -ne 0 ]]; then
  echo "usage, as root: $0 PROGRAM    (a syncguard, e.g. build/dev/syncguard)" >&2
  exit 2
fi
PROGRAM=$(realpath "$1")
WEBHOOK=syncguard.syncguard.dev
DIR=$(mktemp -d "${TMPDIR:-/tmp}/syncguard-e2e.XXXXXX")
CLUSTER=$DIR/cluster
# Killed, this script leaves no cluster behind.
OWNER=$$
PIDS=()

# shellcheck source=tests/e2e/install.bash
source "$E2E/install.bash"

fail() {
  echo "FAILED: $*" >&2
  exit 1
}

# Ends what this script started. On failure the logs stay, at the place that is printed; keys and tokens
# never do.
finish() {
  local status=$? pid kept

  set +e
  if ((status)) && [[ -s $CLUSTER/pid ]]; then
    # What each process of the control plane waits for.
    ps -s "$(<"$CLUSTER/pid")" -o pid,stat,wchan:20,args --forest | cut -c 1-160
    tail -n 5 "$CLUSTER/logs/node.log"
  fi
  for pid in "${PIDS[@]}"; do
    { kill -TERM "$pid" && wait "$pid"; } 2>/dev/null
  done
  [[ ! -s $CLUSTER/pid ]] || "$E2E/control-plane" down "$CLUSTER" || status=1
  if ((status)) && [[ -d $CLUSTER/logs ]]; then
    [[ ! -s $ERR ]] || { echo "the last command's standard error:" && tail -n 20 "$ERR"; }
    kept=$(mktemp -d "${TMPDIR:-/tmp}/syncguard-e2e-failed.XXXXXX")
    mv "$CLUSTER/logs" "$kept/"
    for name in transcript statuses unexpected; do
      [[ ! -e $DIR/$name ]] || mv "$DIR/$name" "$kept/"
    done
    echo "logs: $kept"
  fi
  rm -rf "$DIR"
  exit "$status"
}
trap finish EXIT

# expect WHAT WANTED FOUND
expect() {
  [[ $2 == "$3" ]] || fail "$1: wanted <$2>, found <$3>"
  echo "ok: $1: $2"
}

# run COMMAND...: its exit status in $STATUS, its output in $OUT and $ERR, and a line on the transcript.
TRANSCRIPT=$DIR/transcript
run() {
  STATUS=0
  "$@" >"$OUT" 2>"$ERR" || STATUS=$?
  {
    printf '$'
    for word in "$@"; do
      [[ $word =~ ^[A-Za-z0-9@%+=:,./_-]+$ ]] && printf ' %s' "$word" || printf " '%s'" "$word"
    done
    echo
    # An editor's temporary file has another name each time, what is live another resourceVersion.
    sed -E -e 's|/[^ ]*/kubectl[a-z-]*-edit-[^ ]*\.yaml|FILE|' -e 's|cluster@[0-9]+|cluster@VERSION|g' "$OUT" "$ERR"
    echo "[exit $STATUS]"
    echo
  } >>"$TRANSCRIPT"
}

# chapter TEXT: a heading in the transcript.
chapter() { printf '## %s\n\n' "$*" | tee -a "$TRANSCRIPT"; }

# allowed COMMAND...: it succeeds, without a word of ours.
allowed() {
  run "$@"
  [[ $STATUS -eq 0 ]] || fail "exit $STATUS: $*"
  ! grep -q '^Warning: \[' "$ERR" || fail "a warning: $*: $(<"$ERR")"
  echo "ok: allowed: $*"
}

# warned RULE COMMAND...: it succeeds, and kubectl shows our warning.
warned() {
  local rule=$1
  shift
  run "$@"
  [[ $STATUS -eq 0 ]] || fail "exit $STATUS: $*"
  grep -qF "Warning: [$rule] " "$ERR" || fail "no warning of $rule: $*: $(<"$ERR")"
  echo "ok: warned ($rule): $*"
}

# passed COMMAND...: it succeeds; a warning about what was wrong before may come or not, once an hour.
passed() {
  run "$@"
  [[ $STATUS -eq 0 ]] || fail "exit $STATUS: $*"
  echo "ok: passed: $*"
}

# denied RULE COMMAND...: kubectl fails and shows our denial.
denied() {
  local rule=$1
  shift
  run "$@"
  [[ $STATUS -ne 0 ]] || fail "not denied: $*"
  grep -qF "admission webhook \"$WEBHOOK\" denied the request: [$rule] " "$ERR" ||
    fail "another failure than $rule: $*: $(<"$ERR")"
  echo "ok: denied ($rule): $*"
}

# absent KIND NAME: there is no such object in argocd.
absent() {
  ! kubectl -n argocd get "$1" "$2" >"$OUT" 2>"$ERR" || fail "$1 $2 is there"
  grep -qF '(NotFound)' "$ERR" || fail "$(<"$ERR")"
  echo "ok: absent: $1 $2"
}

# same_transcript FILE: what kubectl said, whole. SYNCGUARD_WRITE_WANTED=1 writes FILE instead.
same_transcript() {
  # When a commit was read is another time each time.
  sed -E -i 's/(fetched|read) [0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z/\1 TIME/g' "$TRANSCRIPT"
  if [[ -n ${SYNCGUARD_WRITE_WANTED-} ]]; then
    mkdir -p "${1%/*}"
    cp "$TRANSCRIPT" "$1"
  fi
  diff -u "$1" "$TRANSCRIPT" || fail "the transcript differs from $1"
  echo "ok: the transcript is ${1#"$TOP/"}"
}
