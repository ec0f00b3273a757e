"""compare.py: holds render_lines to `helm template`, run as Argo CD runs it."""
import argparse
import collections
import glob
import hashlib
import json
import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile

import yaml

import charts

ARGOPROJ = "argoproj.io"
SECRETS = "external-secrets.io"
OURS = {(ARGOPROJ, "Application"), (ARGOPROJ, "ApplicationSet"), (SECRETS, "ExternalSecret"),
        (SECRETS, "ClusterExternalSecret")}


class Loader(yaml.CSafeLoader):
    """Times stay text, as in go-yaml's reading into JSON."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()}


def write(root, files, links):
    for path, data in files.items():
        full = os.path.join(root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "wb") as f:
            f.write(data)
    for path, target in links.items():
        full = os.path.join(root, path)
        if os.path.lexists(full):
            continue
        os.makedirs(os.path.dirname(full), exist_ok=True)
        os.symlink(target, full)


def arguments(chart, root, outside, scratch):
    """What Argo CD passes to helm template (util/helm/cmd.go)."""
    helm = chart.helm
    out = ["--name-template", helm.get("releaseName", "root"), "--namespace", "argocd",
           "--kube-version", "1.31.0"]
    base = os.path.join(root, "chart")
    for key, value in ((p["name"], p["value"]) for p in helm.get("parameters", [])):
        out += ["--set", "%s=%s" % (key, value)]
    for parameter in helm.get("fileParameters", []):
        out += ["--set-file", "%s=%s" % (parameter["name"], os.path.join(base, parameter["path"]))]
    for file in helm.get("valueFiles", []):
        if file.startswith("$values/"):
            full = os.path.join(outside, file[8:])
        elif file.startswith("/"):
            full = root + file
        else:
            full = os.path.join(base, file)
        if any(c in full for c in "*?["):
            found = sorted(glob.glob(full))
            if not found and not helm.get("ignoreMissingValueFiles"):
                found = [full]
            for one in found:
                out += ["--values", one]
        elif os.path.exists(full) or not helm.get("ignoreMissingValueFiles"):
            out += ["--values", full]
    inline = json.dumps(helm["valuesObject"]) if helm.get("valuesObject") else helm.get("values")
    if inline:
        path = os.path.join(scratch, "inline.yaml")
        with open(path, "w") as f:
            f.write(inline)
        out += ["--values", path]
    if not helm.get("skipCrds"):
        out.append("--include-crds")
    if helm.get("skipTests"):
        out.append("--skip-tests")
    return out


def call(command, cwd, home):
    return subprocess.run(command, cwd=cwd, capture_output=True, timeout=60, stdin=subprocess.DEVNULL,
                          env={"HOME": home, "PATH": "/usr/bin:/bin"})


def documents(text):
    """The stream cut as apimachinery's YAMLReader cuts it."""
    chunk = []
    for line in text.split("\n"):
        if line.startswith("---"):
            if line[3:].strip() and not line[3:].strip().startswith("#"):
                raise ValueError("text behind a separator")
            yield "\n".join(chunk)
            chunk = []
        else:
            chunk.append(line)
    yield "\n".join(chunk)


def identities(text):
    """None where Argo CD would fail over the output."""
    found = set()
    try:
        for chunk in documents(text):
            loader = Loader(chunk)
            try:
                value = loader.get_data() if loader.check_data() else None
            finally:
                loader.dispose()
            if value is None:
                continue
            if not isinstance(value, dict) or not isinstance(value.get("kind"), str) or not value["kind"]:
                return None
            items = value.get("items")
            for one in items if isinstance(items, list) else [value]:
                if not isinstance(one, dict):
                    return None
                meta = one.get("metadata") or {}
                version = one.get("apiVersion", "")
                if not isinstance(meta, dict) or not isinstance(version, str):
                    return None
                group = version.split("/")[0] if "/" in version else ""
                name = meta.get("name")
                if isinstance(name, str) and isinstance(one.get("kind"), str):
                    found.add((group, one["kind"], meta.get("namespace") or "argocd", name))
    except (yaml.YAMLError, ValueError, UnicodeDecodeError):
        return None
    return found


def real(options, chart, root, outside, scratch):
    """The identities of the output; None where it fails."""
    base = os.path.join(root, "chart")
    command = [options.helm, "template", "."] + arguments(chart, root, outside, scratch)
    result = call(command, base, scratch)
    if result.returncode and b"missing in charts/ directory" in result.stderr:
        built = call([options.helm, "dependency", "build"], base, scratch)
        if built.returncode:
            return None, built.stderr.decode(errors="replace")
        result = call(command, base, scratch)
    if result.returncode:
        return None, result.stderr.decode(errors="replace")
    try:
        return identities(result.stdout.decode()), result.stdout.decode()
    except UnicodeDecodeError:
        return None, "no UTF-8"


def remembered(options, chart, *folders):
    """real(), kept below --answers by what it hangs on."""
    if not options.answers:
        return real(options, chart, *folders)
    content = [{path: data.hex() for path, data in files.items()} for files in (chart.files, chart.outside)]
    content += [chart.links, chart.helm, os.stat(options.helm).st_size]
    key = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    path = os.path.join(options.answers, key)
    if os.path.exists(path):
        with open(path) as f:
            found, text = json.load(f)
        return None if found is None else {tuple(one) for one in found}, text
    found, text = real(options, chart, *folders)
    with open(path + ".new", "w") as f:
        json.dump([None if found is None else sorted(found), text], f)
    os.rename(path + ".new", path)
    return found, text


def may_hold(said, one):
    group, _, namespace, name = one
    for end in said["openEnds"]:
        if not end["argoproj" if group == ARGOPROJ else "externalSecrets"]:
            continue
        if end["namespace"] and end["namespace"] != namespace:
            continue
        if end["isWholeName"]:
            if end["prefix"] == name:
                return True
        elif (len(name) >= len(end["prefix"]) + len(end["suffix"]) and name.startswith(end["prefix"])
              and name.endswith(end["suffix"])):
            return True
    return False


def judge(said, found):
    """What is wrong with it: a list of sentences. And how the Application's own identity was decided."""
    wrong = []
    own = (ARGOPROJ, "Application", "argocd", "root")
    listed = {(o["group"], o["kind"], o["namespace"], o["name"]) for o in said["objects"]}
    if said["state"] == "fails":
        if found is not None:
            wrong.append("said to fail (%s), but renders" % said["why"])
        return wrong, "fails"
    answer = "yes" if own in listed else "not known" if may_hold(said, own) else "no"
    if found is None:
        if said["state"] == "complete":
            wrong.append("said to be complete, but fails")
        return wrong, answer
    for one in sorted(listed - found):
        wrong.append("listed, but not rendered: %s" % (one,))
    for one in sorted(found - listed):
        if said["state"] == "complete":
            wrong.append("not listed, but rendered: %s" % (one,))
        if one[:2] == ("", "Secret") and said["noMoreSecrets"]:
            wrong.append("no more Secrets, but rendered: %s" % (one,))
        if (one[0], one[1]) not in OURS:
            continue
        if one[0] == ARGOPROJ and said["noMoreArgoproj"] or one[0] == SECRETS and said["noMoreExternalSecrets"]:
            wrong.append("no more of its group, but rendered: %s" % (one,))
        elif not may_hold(said, one):
            wrong.append("not possible, but rendered: %s" % (one,))
    return wrong, answer


def work(job):
    options, numbers = job
    counts = collections.Counter()
    problems = []
    lines = subprocess.Popen([options.render_lines], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    for number in numbers:
        chart = charts.make("%s:%d" % (options.seed, number))
        folder = tempfile.mkdtemp(prefix="helm-")
        root, outside, scratch = (os.path.join(folder, n) for n in ("repository", "outside", "scratch"))
        for path in (root, outside, scratch):
            os.mkdir(path)
        write(root, chart.files, chart.links)
        write(outside, chart.outside, {})
        lines.stdin.write(json.dumps({"directory": root, "application": chart.application(),
                                      "references": {"values": outside}}).encode() + b"\n")
        lines.stdin.flush()
        answer = json.loads(lines.stdout.readline())
        if "error" in answer:
            problems.append((number, ["render_lines: " + answer["error"]], ""))
            continue
        said = answer["sources"][0]
        found, text = remembered(options, chart, root, outside, scratch)
        wrong, decided = judge(said, found)
        counts[decided] += 1
        counts["renders" if found is not None else "does not render"] += 1
        if found is not None:
            own = (ARGOPROJ, "Application", "argocd", "root") in found
            counts["%s while it %s" % (decided, "is" if own else "is not")] += 1
        if wrong and options.keep:
            kept = os.path.join(options.keep, "%s-%d" % (options.seed, number))
            shutil.rmtree(kept, ignore_errors=True)
            shutil.copytree(folder, kept, symlinks=True)
            with open(os.path.join(kept, "said.json"), "w") as f:
                json.dump({"said": said, "wrong": wrong, "application": chart.application()}, f, indent=1)
            with open(os.path.join(kept, "helm.txt"), "w") as f:
                f.write(text)
        if wrong:
            problems.append((number, wrong, text[:300]))
        shutil.rmtree(folder)
    lines.stdin.close()
    lines.wait()
    return counts, problems


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--helm", required=True)
    parser.add_argument("--render-lines", required=True)
    parser.add_argument("--count", type=int, default=150)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--keep", default=None)
    parser.add_argument("--only", type=int, default=None)
    parser.add_argument("--answers", default=None, help="forget them when this program changes")
    options = parser.parse_args()
    numbers = [options.only] if options.only is not None else list(range(options.count))
    size = 50
    jobs = [(options, numbers[i:i + size]) for i in range(0, len(numbers), size)]
    counts = collections.Counter()
    for folder in filter(None, (options.keep, options.answers)):
        os.makedirs(folder, exist_ok=True)
    n_problems = done = 0
    with multiprocessing.Pool(2) as pool:
        for one, problems in pool.imap_unordered(work, jobs):
            counts.update(one)
            done += sum(one[key] for key in ("yes", "no", "fails", "not known"))
            print("%d of %d" % (done, len(numbers)), file=sys.stderr, flush=True)
            for number, wrong, text in problems:
                n_problems += 1
                print("contradiction: --seed %s --only %d" % (options.seed, number), flush=True)
                for sentence in wrong:
                    print("    " + sentence)
    for key in sorted(counts):
        print("%8d  %s" % (counts[key], key))
    print("helm: %d inputs (seed %s), %d yes, %d no, %d fails, %d not known (%.1f %%), %d contradictions" % (
        len(numbers), options.seed, counts["yes"], counts["no"], counts["fails"], counts["not known"],
        100.0 * counts["not known"] / len(numbers), n_problems))
    sys.exit(1 if n_problems else 0)


if __name__ == "__main__":
    main()
