# load.bash: applies that go on while something else happens, and what became of each. Sourced after
# lib.bash; $wanted_applies says how many there are at least.
wanted_applies=10000
objects=40
per_batch=1000

# What is applied, server-side: every 20th is what no rule lets pass, every second of the rest a new
# object, the others change the spec of an object, so none is answered without being judged. It is
# the new ones that a call which fails costs: a change that fails is tried once more by the API server.
write_batch() {
  local n=$1 last=$(($1 + per_batch)) name path

  for ((; n < last; n++)); do
    name=load-$((n % objects))
    ((n % 2)) || name=new-$n
    path=k8s/helm/charts/auth-service
    ((n % 20)) || { name=wealist-apps-prod && path=k8s/argocd/apps/prod; }
    ((n % per_batch == 0)) || echo next
    cat <<END
url = "$API/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/$name?fieldManager=load&force=true"
request = "PATCH"
header = "Content-Type: application/apply-patch+yaml"
header = "@$DIR/authorization"
cacert = "$CLUSTER/pki/apiserver.crt"
max-time = 30
output = "$DIR/answers/$((n % 32))"
write-out = "%{http_code} $name %{errormsg}\n"
data = "{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"Application\",\"metadata\":{\"name\":\"$name\"},\"spec\":{\"project\":\"default\",\"destination\":{\"server\":\"https://kubernetes.default.svc\",\"namespace\":\"argocd\"},\"source\":{\"repoURL\":\"https://github.com/OrangesCloud/wealist-project-advanced-k8s.git\",\"path\":\"$path\",\"targetRevision\":\"k8s-deploy-prod\"},\"info\":[{\"name\":\"n\",\"value\":\"$n\"}]}}"
END
  done
}

# Applies until $DIR/enough exists and enough were sent.
load() {
  local n=0

  while [[ ! -e $DIR/enough ]] || ((n < wanted_applies)); do
    write_batch "$n" >"$DIR/batch"
    inside curl -sS --no-progress-meter --parallel --parallel-max 20 --config "$DIR/batch" \
      >>"$DIR/statuses" 2>>"$DIR/curl-errors"
    n=$((n + per_batch))
  done
}

# start_load: in the background, until end_load.
start_load() {
  API=$(sed -nE 's/.*server: "([^"]+)".*/\1/p' "$CLUSTER/kubeconfig")
  mkdir "$DIR/answers"
  (umask 077 && awk -F, '$2 == "kim" {print "Authorization: Bearer " $1}' "$CLUSTER/pki/tokens.csv" >"$DIR/authorization")
  load &
  loader=$!
  PIDS+=("$loader")
}

# end_load: waits for the last of them. Sets total, denied, failed, and uncalled: the calls of the
# webhook that the API server could not make.
end_load() {
  touch "$DIR/enough"
  wait "$loader" || fail "the load ended early: $(head -n 3 "$DIR/curl-errors")"
  awk '{
      expected = $2 == "wealist-apps-prod" ? "403" : "20[01]"
      total++
      if ($1 !~ "^" expected "$") {failed++; print "unexpected: " $0 > "/dev/stderr"}
      if ($1 == 403) denied++
    }
    END {print total + 0, denied + 0, failed + 0}' "$DIR/statuses" >"$DIR/sum" 2>"$DIR/unexpected"
  # shellcheck disable=SC2034 # for the test that has sourced this
  read -r total denied failed <"$DIR/sum"
  uncalled=$(grep -c 'failed calling webhook' "$CLUSTER/logs/kube-apiserver.log" || :)
}

# check_load: none failed, and nothing was refused without a line that says so, nor is one there twice.
check_load() {
  head -n 5 "$DIR/unexpected"
  expect "failed applies" 0 "$failed"
  expect "calls that the API server could not make" 0 "$uncalled"
  jq -r 'select(.event == "decision" and .decision == "deny") | .uid' "$CLUSTER"/logs/*.decisions.log >"$DIR/lines"
  expect "lines of denials in the decision logs" "$denied" "$(wc -l <"$DIR/lines")"
  expect "their uids" "$denied" "$(sort -u "$DIR/lines" | wc -l)"
}
