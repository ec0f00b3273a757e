# install.bash: a cluster with syncguard on it, by the steps of deploy/README.md. Sourced with
# E2E, TOP, PROGRAM, DIR (a scratch directory) and CLUSTER (the control plane's directory) set; whoever
# sources it says with fail() how it ends. With OWNER, a pid, the cluster ends with that process.
OUT=$DIR/out
ERR=$DIR/err
KUBECTL=kubectl
export parts

inside() { "$E2E/control-plane" inside "$CLUSTER" "$@"; }
# What kubectl leaves behind, an edit that failed, is gone with DIR.
kubectl() { TMPDIR=$DIR inside timeout 60 "$KUBECTL" "$@"; }

start_cluster() {
  parts=$("$E2E/parts")
  "$E2E/control-plane" up "$CLUSTER" "$PROGRAM" "${OWNER:-0}"
}

# copy_manifests: $DIR/manifests, as shipped but for what Kubernetes 1.20 does not serve yet.
copy_manifests() {
  cp -R "$TOP/deploy/kubernetes" "$DIR/manifests"
  sed -i 's|^apiVersion: policy/v1$|&beta1|' "$DIR/manifests/poddisruptionbudget.yaml"
}

# make_manifests: copied and edited as deploy/README.md asks for: the incident's repository and Argo
# CD, denials on, the volume of the repositories, failurePolicy Fail.
make_manifests() {
  copy_manifests
  sed -i -e 's|^    enforce: false|    enforce: true|' -e 's|^      version: ""|      version: "2.10.0"|' \
    -e 's|^      tracking: auto|      tracking: label|' \
    -e 's|^      instanceLabelKey: auto|      instanceLabelKey: argocd.argoproj.io/instance|' \
    -e 's|^    repositories: \[\]|    repositories:|' \
    -e '/^    repositories:/a\      - url: https://github.com/OrangesCloud/wealist-project-advanced-k8s.git\n        path: /repositories/deploy' \
    "$DIR/manifests/configmap.yaml"
  sed -i -E 's|^( +)# (- \{name: repositories, )|\1\2|' "$DIR/manifests/deployment.yaml"
  sed -i 's|failurePolicy: Ignore|failurePolicy: Fail|' "$DIR"/manifests/validatingwebhook*.yaml
}

# edit_manifests SED-SCRIPT...: edits every manifest once more.
edit_manifests() {
  local script

  for script in "$@"; do
    sed -i -E "$script" "$DIR"/manifests/*.yaml
  done
}

# use_repository STAGE: what git-sync has fetched, as a link that it exchanges. Returns when every
# replica that runs has read it.
use_repository() {
  local pod pods log tries
  local -A before

  pods=$(inside kubectl -n syncguard get pods -o 'jsonpath={.items[*].metadata.name}')
  for pod in $pods; do
    before[$pod]=$(grep -c '"event":"facts-loaded"' "$CLUSTER/logs/$pod.program.log" || :)
  done
  rm -rf "$DIR/stage"
  "$TOP/deploy/incident/make-repository" "$DIR/stage" "$1"
  mkdir -p "$CLUSTER/volumes/repositories"
  cp -R "$DIR/stage" "$CLUSTER/volumes/repositories/.$1"
  ln -sfn ".$1" "$CLUSTER/volumes/repositories/.next"
  mv -T "$CLUSTER/volumes/repositories/.next" "$CLUSTER/volumes/repositories/deploy"
  for pod in $pods; do
    log=$CLUSTER/logs/$pod.program.log
    for ((tries = 0; tries < 300; tries++)); do
      (($(grep -c '"event":"facts-loaded"' "$log" || :) > before[$pod])) && continue 2
      sleep 0.1
    done
    fail "$pod did not read the repository again"
  done
}

# commit_repository: what was written into it since, on the branches of both environments.
commit_repository() {
  local git=(env GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_NAME=a
    GIT_AUTHOR_EMAIL=a@example.com GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@example.com
    GIT_AUTHOR_DATE=2026-01-03T00:00:00Z GIT_COMMITTER_DATE=2026-01-03T00:00:00Z
    git -C "$CLUSTER/volumes/repositories/deploy")

  "${git[@]}" add -A
  "${git[@]}" commit -q -m 'more'
  "${git[@]}" branch -q -f k8s-deploy-dev
}

issue_certificates() {
  [[ -d $DIR/certificates ]] ||
    "$PROGRAM" certs issue --name syncguard.syncguard.svc "$DIR/certificates" >/dev/null
}

# What deploy/README.md says, step by step; then until two replicas are ready.
install_syncguard() {
  local manifests=$DIR/manifests

  [[ -d $manifests ]] || make_manifests
  issue_certificates
  kubectl apply -f "$manifests/namespace.yaml" >"$OUT"
  kubectl -n syncguard create secret tls syncguard-tls --cert="$DIR/certificates/tls.crt" \
    --key="$DIR/certificates/tls.key" >"$OUT"
  "$manifests/render" "$DIR/certificates" | kubectl apply -f - >"$OUT"
  kubectl -n syncguard rollout status deployment/syncguard --timeout 60s >"$OUT"
  wait_until_registered
}

# pod_metric NAME: the sum of that counter over the ready replicas.
pod_metric() {
  local address

  for address in $(kubectl -n syncguard get endpoints syncguard -o 'jsonpath={.subsets[*].addresses[*].ip}'); do
    inside curl -sS --max-time 10 "http://$address:8080/metrics"
  done | awk -v name="$1" '$1 ~ "^" name "([{]|$)" {sum += $2} END {print sum + 0}'
}

# The API server notices a new registration within a second or two.
wait_until_registered() {
  local tries

  for ((tries = 0; tries < 100; tries++)); do
    if kubectl apply --dry-run=server -f "$E2E/cluster/probe.yaml" >"$OUT" 2>"$ERR" &&
      [[ $(pod_metric syncguard_reviews_total) -gt 0 ]]; then
      return 0
    fi
    sleep 0.2
  done
  fail "the webhook is not asked: $(<"$ERR")"
}
