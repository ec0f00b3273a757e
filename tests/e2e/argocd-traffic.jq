# What Argo CD's bodies are made of, as functions of the stored object. $method is the tracking method;
# $n counts the calls, so that each of them writes something new.
def applied: "kubectl.kubernetes.io/last-applied-configuration";
def refresh: "argocd.argoproj.io/refresh";
def name: .metadata.name;
def now: 1767312000 + $n | todate;

# The tracking mark of the Application $by on this object, as a part of its metadata.
def mark($method; $by):
  if $method == "label" then {labels: {"argocd.argoproj.io/instance": $by}}
  else {annotations: {"argocd.argoproj.io/tracking-id":
    "\($by):\(.apiVersion | split("/")[0])/\(.kind):argocd/\(.metadata.name)"}} end;
def mark($by): mark($method; $by);
def is_marked($method; $by): .metadata as $metadata
  | mark($method; $by) | [paths(scalars) as $path | getpath($path) == ($metadata | getpath($path))] | all;
def is_marked($by): is_marked($method; $by);
def parent: {"wealist-apps-prod": "bootstrap", "wealist-apps-dev": "wealist-apps-dev"}[.metadata.name]
  // if .kind == "ExternalSecret" then "argocd-config" else "wealist-apps-prod" end;

# What the repository of $by holds of this object, marked; a commit has just changed one field.
def rendered($by): {apiVersion, kind, metadata: ({name: name, namespace: "argocd"} * mark($by)),
  spec: (.spec | del(.. | select(. == null)) | .info = [{name: "commit", value: "\($n)"}])};
def rendered_secret: rendered(parent) | del(.spec.info) | .spec.refreshInterval = "\($n)m";
def is_rendered($by): is_marked($by) and .spec.info[0].value == "\($n)";
# What the client-side kubectl apply sends of it.
def apply_patch($by): rendered($by) as $wanted
  | {metadata: ({annotations: {(applied): ($wanted | tojson)}} * mark($by)), spec: {info: $wanted.spec.info}};

# The whole object as a Go client writes it: no nulls, and the zero values of its structs.
def typed: del(.. | select(. == null)) | .status.health //= {} | .status.summary //= {}
  | .status.sync //= {comparedTo: {destination: {}, source: {repoURL: ""}}, status: ""};

def sources: .spec | with_entries(select(.key == "source" or .key == "sources"));
def revision: "4fd1c8a0f0a5f2b1d7f1b7a3d8f9e1a2b3c4d5e6";
def sync($prune):
  {sync: ({prune: $prune, revision: revision, syncOptions: (.spec.syncPolicy.syncOptions // [])} + sources)};
def automated: sync(true) + {initiatedBy: {automated: true}, retry: {limit: 5}};
def manual($prune): sync($prune) + {initiatedBy: {username: "minji"}};

def resources: [range(25) | {group: "apps", version: "v1", kind: "Deployment", namespace: "wealist-prod",
  name: "service-\(.)", status: "Synced", health: {status: "Healthy"}, syncWave: 1}];
def state($phase): {phase: $phase, startedAt: "2026-01-01T15:03:56Z", message: "step \($n)",
  operation: (.operation // automated), syncResult: ({revision: revision, resources: resources} + sources)}
  + if $phase == "Running" then {} else {finishedAt: now} end;
def history: sources as $sources | [range(10) | {id: ., deployStartedAt: "2026-01-01T15:00:00Z",
  deployedAt: now, revision: revision, initiatedBy: {automated: true}} + $sources];
# What a comparison finds; Argo CD itself has said that it deletes argocd-secret.
def status: name as $name | {
  controllerNamespace: "argocd", health: {status: "Healthy"}, sourceType: "Directory", reconciledAt: now,
  resources: (resources
    + if $name == "argocd-config" or $name == "helm-secrets" then [{version: "v1", kind: "Secret",
        namespace: "argocd", name: "argocd-secret", status: "OutOfSync", requiresPruning: true}] else [] end
    + if $name == "wealist-apps-dev" then [{group: "argoproj.io", version: "v1alpha1", kind: "Application",
        namespace: "argocd", name: $name, status: "Synced"}] else [] end),
  summary: {images: ["registry.example.com/auth-service:\($n)"]},
  sync: {status: "OutOfSync", revision: revision, comparedTo: ({destination: .spec.destination} + sources)}};
def owned: .metadata.ownerReferences = [{apiVersion: "argoproj.io/v1alpha1", kind: "ApplicationSet",
  name: "services", controller: true, blockOwnerDeletion: true, uid: env.SET_UID}];
