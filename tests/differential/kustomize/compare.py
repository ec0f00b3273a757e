"""Holds what we say of random kustomizations to `kubectl kustomize`.

Usage: compare.py --kubectl FILE --helm FILE --driver FILE [--count N] [--seed S] [--jobs N] [--keep DIR] [--answers DIR]

Every finding's tree is kept below --keep. What kustomize makes of each tree is remembered below
--answers, so that the same trees can be held to changed code within minutes. Remote entries are
addresses for us; for kustomize they are replaced by the local directories that stand for what lies
there. What an Application's own options do to the top kustomization is done here as
reference/argocd.md 2.4 has it.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile

import yaml

import generate

LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


def write(tree, folder):
    os.makedirs(os.path.join(folder, "top"), exist_ok=True)
    for path, text in tree.files.items():
        full = os.path.join(folder, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8", newline="") as out:
            out.write(text)
    for path, target in tree.links.items():
        full = os.path.join(folder, path)
        if not os.path.lexists(full):
            os.symlink(target, full)


def bring_near(tree, folder):
    """Every remote entry becomes the directory that stands for it."""
    for path, text in tree.files.items():
        for i in range(len(tree.remotes)):
            text = text.replace(generate.REMOTE % i, "../" * path.count("/") + "remote%d" % i)
        with open(os.path.join(folder, path), "w", encoding="utf-8", newline="") as out:
            out.write(text)


def edit(tree, folder):
    """What Argo CD's `kustomize edit` makes of the top kustomization."""
    name, document = tree.kustomizations["top"]
    edited = json.loads(json.dumps(document))
    if len({key.lower() for key in edited}) < len(edited):
        return False
    for field in ("patches", "components", "commonLabels", "commonAnnotations", "namePrefix", "nameSuffix", "namespace"):
        for key in [key for key in edited if key.lower() == field.lower()]:
            edited[field] = edited.pop(key)
    for field, kind in (("patches", list), ("components", list), ("commonLabels", dict), ("commonAnnotations", dict)):
        if not isinstance(edited.get(field) or kind(), kind):
            return False
    for field in ("namePrefix", "nameSuffix", "namespace"):
        if tree.options.get(field):
            edited[field] = tree.options[field]
    if tree.options.get("patches"):
        edited["patches"] = (edited.get("patches") or []) + tree.options["patches"]
    for component in tree.options.get("components", []):
        if component not in (edited.get("components") or []):
            edited["components"] = (edited.get("components") or []) + [component]
    for field in ("commonLabels", "commonAnnotations"):
        if tree.options.get(field):
            if set(edited.get(field) or {}) & set(tree.options[field]):
                return False  # `kustomize edit add` refuses what is there
            edited[field] = dict(edited.get(field) or {}, **tree.options[field])
    text = json.dumps(edited)
    for i in range(len(tree.remotes)):
        text = text.replace(generate.REMOTE % i, "../remote%d" % i)
    with open(os.path.join(folder, "top", name), "w", encoding="utf-8") as out:
        out.write(text)
    return True


def identity(found):
    version = found.get("apiVersion") or ""
    metadata = found.get("metadata") or {}
    annotations = metadata.get("annotations") or {}
    hook = any(annotations.get(key) for key in ("argocd.argoproj.io/hook", "helm.sh/hook"))
    group = version.split("/", 1)[0] if "/" in version else ""
    namespace = metadata.get("namespace") or ""
    if namespace == "null":  # written by a patch that copies what is not there
        namespace = ""
    return (group, found.get("kind") or "", namespace, metadata.get("name") or "", bool(hook))


def run_kustomize(arguments, folder):
    command = [arguments.kubectl, "kustomize", "--enable-helm", "--helm-command", arguments.helm, os.path.join(folder, "top")]
    done = subprocess.run(command, capture_output=True, check=False,
                          env=dict(os.environ, HOME="/nonexistent", https_proxy="http://127.0.0.1:9", GOGC="off"))
    if done.returncode != 0:
        return None, done.stderr.decode("utf-8", "replace").strip()
    documents = [d for d in yaml.load_all(done.stdout, Loader=LOADER) if d]
    return [identity(d) for d in documents], ""


def make_real(arguments, folder, tree):
    if tree.options and not edit(tree, folder):
        return None, "kustomize edit fails"
    return run_kustomize(arguments, folder)


def remembered(arguments, folder, tree):
    """What make_real() says, from where it said so before of the same files and the same kubectl."""
    if not arguments.answers:
        return make_real(arguments, folder, tree)
    content = [tree.files, tree.links, tree.options, tree.kustomizations["top"], len(tree.remotes), os.stat(arguments.kubectl).st_size]
    key = hashlib.sha256(json.dumps(content).encode()).hexdigest()
    path = os.path.join(arguments.answers, key)
    if os.path.exists(path):
        with open(path, encoding="utf-8") as found:
            real, error = json.load(found)
        return real and [tuple(one) for one in real], error
    real, error = make_real(arguments, folder, tree)
    with open(path + ".new", "w", encoding="utf-8") as out:
        json.dump([real, error], out)
    os.rename(path + ".new", path)
    return real, error


def may_be(end, found, has_namespace):
    group, kind, namespace, name, _ = found
    groups = {"argoproj.io": "argoproj", "external-secrets.io": "externalSecrets"}
    if not end[groups.get(group, "others")] or (end["kind"] and end["kind"] != kind):
        return False
    if end["namespace"] and namespace and end["namespace"] != namespace:
        return False
    if end["isWholeName"]:
        return name == end["prefix"]
    return len(name) >= len(end["prefix"]) + len(end["suffix"]) and name.startswith(end["prefix"]) and name.endswith(end["suffix"])


def judge(tree, said, real, error):
    """None, or in what we contradict kustomize."""
    state = said["state"]
    ours = {(o["group"], o["kind"], o["namespace"], o["name"], o["hook"]) for o in said["objects"]}
    theirs = set(real or [])
    if state == "fails":
        return None if real is None else "we say that it fails: " + said["why"]
    if real is None:
        if state == "complete":
            return "we say that it is complete: " + error[:300]
        if ours and not tree.remotes and not tree.granted:
            return "certain objects of a build that fails: " + error[:300]
        return None
    for one in ours - theirs:
        return "not in the output: %s" % (one,)
    for one in theirs - ours:
        if state == "complete":
            return "not among ours: %s" % (one,)
        if not any(may_be(end, one, True) for end in said["openEnds"]):
            return "not among ours, and not possible: %s" % (one,)
    return None


def application(tree):
    source = {"repoURL": "https://git.example.com/r.git", "path": "top", "targetRevision": "main"}
    if tree.options:
        source["kustomize"] = tree.options
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": "x", "namespace": "argocd"},
        "spec": {"source": source, "destination": {"server": "https://kubernetes.default.svc"}, "project": "default"},
    }


class Worker:
    """One of our programs that is kept running, with directories of its own."""

    def __init__(self, arguments):
        self.arguments = arguments
        self.directory = tempfile.mkdtemp(prefix="kustomize-")
        self.driver = subprocess.Popen([arguments.driver], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def close(self):
        self.driver.stdin.close()
        self.driver.wait()
        shutil.rmtree(self.directory, ignore_errors=True)

    def ask(self, folder, tree):
        question = {"directory": folder, "application": application(tree)}
        self.driver.stdin.write(json.dumps(question).encode() + b"\n")
        self.driver.stdin.flush()
        answer = self.driver.stdout.readline()
        if not answer:
            raise SystemExit("the driver ended")
        return json.loads(answer)

    def compare(self, seed):
        tree = generate.make(seed)
        folder = os.path.join(self.directory, "t")
        shutil.rmtree(folder, ignore_errors=True)
        write(tree, folder)
        answer = self.ask(folder, tree)
        if "error" in answer:
            finding = "the driver cannot read it: " + answer["error"]
            said = {"state": "partial", "why": "", "objects": [], "openEnds": []}
            real = None
        else:
            said = answer["sources"][0]
            bring_near(tree, folder)
            real, error = remembered(self.arguments, folder, tree)
            finding = judge(tree, said, real, error)
        if finding:
            kept = os.path.join(self.arguments.keep, str(seed))
            shutil.rmtree(kept, ignore_errors=True)
            shutil.copytree(folder, kept, symlinks=True)
            with open(os.path.join(kept, "finding.txt"), "w", encoding="utf-8") as out:
                print(finding, json.dumps(said, indent=1), json.dumps(tree.options), real, sep="\n", file=out)
        return seed, finding, said, real


def run(arguments, seeds):
    worker = Worker(arguments)
    try:
        return [worker.compare(seed) for seed in seeds]
    finally:
        worker.close()


def reason(said):
    """A reason without the names in it, to be counted."""
    words = [w for w in said["why"].split() if not any(c in w for c in "/0123456789.")]
    return " ".join(words[:9])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kubectl", required=True)
    parser.add_argument("--helm", required=True, help="Helm, or what passes for its version 3")
    parser.add_argument("--driver", required=True)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", default=os.path.join(tempfile.gettempdir(), "kustomize-findings"))
    parser.add_argument("--answers", help="forget them when this program changes")
    arguments = parser.parse_args()
    for folder in filter(None, (arguments.keep, arguments.answers)):
        os.makedirs(folder, exist_ok=True)
    seeds = range(arguments.seed * 1000000, arguments.seed * 1000000 + arguments.count)
    with concurrent.futures.ProcessPoolExecutor(arguments.jobs) as pool:
        parts = list(pool.map(run, [arguments] * arguments.jobs, [seeds[i::arguments.jobs] for i in range(arguments.jobs)]))
    results = [r for part in parts for r in part]
    findings = [r for r in results if r[1]]
    states = {"complete": 0, "partial": 0, "fails": 0}
    open_ended = {}
    uncertain = 0
    for _, _, said, real in results:
        states[said["state"]] += 1
        if said["state"] == "partial" and any(e["argoproj"] for e in said["openEnds"]):
            open_ended[reason(said)] = open_ended.get(reason(said), 0) + 1
    for seed, finding, _, _ in sorted(findings)[:50]:
        print("%d: %s" % (seed, finding))
    for why, n in sorted(open_ended.items(), key=lambda item: -item[1])[:20]:
        print("  %5d not known: %s" % (n, why))
    builds = sum(1 for r in results if r[3] is not None)
    print("kustomize: %d trees, %d build; complete %d, fails %d, partial %d, of these open for Applications %d (%.1f %%); "
          "%d contradictions" % (len(results), builds, states["complete"], states["fails"], states["partial"],
                                 sum(open_ended.values()), 100.0 * sum(open_ended.values()) / max(1, len(results)), len(findings)))
    if findings:
        print("kept below " + arguments.keep)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
