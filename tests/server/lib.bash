# lib.bash: what the scripts of the running-server suite share. Sourced with the paths of syncguard
# and of the client as $1 and $2.
set -euo pipefail

SYNCGUARD=$1
export CLIENT=$2
DIR=$(mktemp -d)
PIDS=()

# Ends only what this script started, and leaves nothing behind.
finish() {
  local status=$?
  for pid in "${PIDS[@]}"; do
    { kill -KILL "$pid" && wait "$pid"; } 2>/dev/null || true
  done
  if [ "$status" -ne 0 ]; then
    for log in "$DIR"/*/program.log; do
      [ -e "$log" ] && sed 's/^/program log: /' "$log" | tail -n 40
    done
  fi
  rm -rf "$DIR"
}
trap finish EXIT

fail() {
  echo "FAILED: $*"
  exit 1
}

# expect WHAT WANTED FOUND
expect() {
  [ "$2" = "$3" ] || fail "$1: wanted <$2>, found <$3>"
  echo "ok: $1: $2"
}

# issue_certificates: one CA and pair for every server of the test.
issue_certificates() {
  "$SYNCGUARD" certs issue --name localhost --name 127.0.0.1 "$DIR/pki"
  CA=$DIR/pki/ca.crt
}

# make_repository: a plain directory whose apps/ defines the Application argocd/root that syncs it.
make_repository() {
  mkdir -p "$DIR/repository/apps"
  cat >"$DIR/repository/apps/root.yaml" <<'YAML'
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: root
  namespace: argocd
spec:
  project: default
  destination: {server: https://kubernetes.default.svc, namespace: argocd}
  source: {repoURL: https://git.example.com/platform/deploy.git, path: apps, targetRevision: main}
YAML
}

# write_config NAME PORT LIMITS [LINE]...
write_config() {
  local name=$1 port=$2 limits=$3
  shift 3
  mkdir -p "$DIR/$name"
  {
    echo "listen: 127.0.0.1:$port"
    echo "admin: 127.0.0.1:0"
    echo "tls: {certificate: $DIR/pki/tls.crt, key: $DIR/pki/tls.key}"
    echo "limits: {$limits}"
    printf '%s\n' "$@"
  } >"$DIR/$name/config.yaml"
}

# serve NAME: starts the server of that configuration and waits for the first line of its program
# log. Sets PID, PORT and ADMIN.
serve() {
  local log=$DIR/$1/program.log first=
  : >"$log"
  "$SYNCGUARD" serve --config "$DIR/$1/config.yaml" >>"$DIR/$1/decisions.log" 2>"$log" &
  PID=$!
  PIDS+=("$PID")
  read -r first < <(tail -n +1 --pid="$PID" -f "$log") || true
  PORT=$(jq -er .listen.port <<<"$first") || fail "no ports in the first line: $first"
  ADMIN=$(jq -er .admin.port <<<"$first") || fail "no admin port in the first line: $first"
  export PORT ADMIN
}

# wait_line NAME EVENT: until the program log has that event.
wait_line() {
  local line=
  while read -r line; do
    [[ $line == *"\"event\":\"$2\""* ]] && return 0
  done < <(tail -n +1 --pid="$PID" -f "$DIR/$1/program.log")
  fail "the server ended without $2"
}

# stop PID: asks it to drain; its exit status has to be 0.
stop() {
  kill -TERM "$1"
  local status=0
  wait "$1" || status=$?
  expect "exit status after SIGTERM" 0 "$status"
}

# review UID NAMESPACE NAME [BYTES]: an Application's CREATE, with an annotation of so many bytes.
review() {
  local padding=''
  [ "${4:-0}" -eq 0 ] || padding=$(head -c "$4" /dev/zero | tr '\0' x)
  cat <<JSON
{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"$1",
"kind":{"group":"argoproj.io","version":"v1alpha1","kind":"Application"},
"resource":{"group":"argoproj.io","version":"v1alpha1","resource":"applications"},
"name":"$3","namespace":"$2","operation":"CREATE","userInfo":{"username":"alice","groups":["dev"]},
"object":{"apiVersion":"argoproj.io/v1alpha1","kind":"Application","metadata":{"name":"$3",
"namespace":"$2","annotations":{"example.com/padding":"$padding"}},
"spec":{"project":"default","destination":{"server":"https://kubernetes.default.svc",
"namespace":"argocd"},"source":{"repoURL":"https://git.example.com/platform/deploy.git",
"path":"apps","targetRevision":"main"}}},"oldObject":null,"dryRun":false}}
JSON
}

# post PORT [CURL OPTION]...: the status on the last line, the answer's body in $DIR/answer.
post() {
  local port=$1
  shift
  curl -sS --cacert "$CA" --max-time 60 -o "$DIR/answer" -D "$DIR/headers" -w '%{http_code}' \
    -H 'Content-Type: application/json' "$@" "https://127.0.0.1:$port/validate"
}

# metric NAME: a sample's value on the metrics page.
metric() {
  curl -sS --max-time 30 "http://127.0.0.1:$ADMIN/metrics" | awk -v name="$1" '$1 == name {print $2}'
}
