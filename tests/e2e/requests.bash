# requests.bash: requests to the API server as a component's own client library sends them, where kubectl
# would send others. Sourced after lib.bash.

BODIES=$DIR/bodies
ANSWERS=$DIR/answers
HEADERS=$DIR/headers
mkdir "$BODIES" "$ANSWERS" "$HEADERS"
SERVER=https://10.1.0.1:6443

# What a request is on the wire: method, Content-Type, query.
declare -A REQUESTS=(
  [get]="GET - -"
  [delete]="DELETE application/json -"
  [post]="POST application/json -"
  [put]="PUT application/json -"
  [merge]="PATCH application/merge-patch+json -"
  [json]="PATCH application/json-patch+json -"
  # How a sync writes: like kubectl apply, like kubectl apply --server-side, like kubectl replace; and
  # the server-side diff before it.
  [client-apply]="PATCH application/merge-patch+json fieldManager=argocd-controller"
  [apply]="PATCH application/apply-patch+yaml fieldManager=argocd-controller&force=true"
  [replace]="PUT application/json fieldManager=argocd-controller"
  [diff]="PATCH application/apply-patch+yaml fieldManager=argocd-controller&force=true&dryRun=All"
  [post-dry-run]="POST application/json dryRun=All"
)

# make_account NAME [IMPERSONATED]: the headers that name an account of the control plane, in a file,
# so that no token is on a command line.
make_account() {
  (
    umask 077
    awk -F, -v name="$1" '$3 == name {print "Authorization: Bearer " $1}' "$CLUSTER/pki/tokens.csv"
    [[ $# -lt 2 ]] || echo "Impersonate-User: $2"
  ) >"$CLUSTER/pki/account-${2:-$1}"
  chmod 0600 "$CLUSTER/pki/account-${2:-$1}"
}

# request ACCOUNT REQUEST PATH NAME...: sends the file $BODIES/NAME, for each NAME, to PATH with @ replaced
# by the name, over one connection. The status codes in the array CODES, the rest in $ANSWERS/NAME and
# (of writes) $HEADERS/NAME. A `get` waits for the version VERSIONS[NAME], where that is set.
declare -A VERSIONS=()
request() {
  local account=$1 kind=$2 path=$3 method type query name target options=()

  read -r method type query <<<"${REQUESTS[$2]}"
  shift 3
  for name in "$@"; do
    options+=(--next -sS --max-time 20 --cacert "$CLUSTER/pki/apiserver.crt" -X "$method"
      -H "@$CLUSTER/pki/account-$account" -A "${account##*:}/v2.10.0 (linux/amd64)"
      -o "$ANSWERS/$name" -w '%{http_code}\n')
    [[ $kind == get ]] || options+=(-D "$HEADERS/$name")
    [[ $type == - ]] || options+=(-H "Content-Type: $type" --data-binary "@$BODIES/$name")
    target=$SERVER${path/@/"$name"}
    [[ $query == - ]] || target+="?$query"
    [[ $kind != get || -z ${VERSIONS[$name]-} ]] || target+="?resourceVersion=${VERSIONS[$name]}"
    options+=("$target")
  done
  mapfile -t CODES < <(inside curl "${options[@]:1}")
  ((${#CODES[@]} == $#)) || fail "requests without an answer: $path"
}
