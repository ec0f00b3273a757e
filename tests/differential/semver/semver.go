// Generates revisions and tags, and holds what semver_pick_as() picks to Masterminds/semver, called
// in the two ways Argo CD has called it.
package main

import (
	"errors"
	"flag"
	"fmt"
	"sort"
	"strconv"
	"strings"

	"github.com/Masterminds/semver"
)

// The number of enum semver_library; Debian 12 has the first.
var library = flag.Int("library", 0, "the library's release, as enum semver_library counts them")

// enum semver_found
const (
	literal = iota
	prefixed
	fromTags
	notKnown
)

type question struct {
	strict   bool
	revision string
	prefix   string
	tags     []string
}

type answer struct {
	found int
	taken []int
}

// Since 2.12: what cannot be read is passed over, and the search starts at 0.0.0.
// Since 3.1: one tag that cannot be read for another reason than its shape ends it.
func pick(q question) answer {
	if _, err := semver.NewVersion(q.revision); err == nil {
		if q.prefix != "" {
			return answer{found: prefixed}
		}
		return answer{found: literal}
	}
	constraint, err := semver.NewConstraint(q.revision)
	if err != nil {
		return answer{found: literal}
	}
	var highest *semver.Version
	if !q.strict {
		highest, _ = semver.NewVersion("0.0.0")
	}
	var taken []int
	for i, tag := range q.tags {
		if !strings.HasPrefix(tag, q.prefix) {
			continue
		}
		v, err := semver.NewVersion(strings.TrimPrefix(tag, q.prefix))
		if err != nil && !errors.Is(err, semver.ErrInvalidSemVer) && q.strict {
			return answer{found: literal}
		}
		if err != nil || !constraint.Check(v) {
			continue
		}
		switch {
		case highest == nil || v.GreaterThan(highest):
			highest = v
			taken = []int{i}
		case v.Equal(highest) && len(taken) > 0:
			taken = append(taken, i)
		}
	}
	if len(taken) == 0 {
		return answer{found: literal}
	}
	return answer{fromTags, taken}
}

func isConstraint(revision string) bool {
	if _, err := semver.NewVersion(revision); err == nil {
		return false
	}
	_, err := semver.NewConstraint(revision)
	return err == nil
}

var (
	numbers = []string{"0", "0", "1", "1", "1", "2", "2", "3", "10", "11", "01", "00", "007", "2024",
		"18446744073709551615", "18446744073709551616", "99999999999999999999999"}
	wildcards = []string{"x", "X", "*", "1x", "x1", "**", "1|2", "|", "xx"}
	labels    = []string{"alpha", "beta", "rc", "rc1", "0", "1", "2", "10", "01", "00", "-", "-1", "a-b",
		"99999999999999999999999", "x", "X", "A", "1a", "0a"}
	operators = []string{"", "", "", "=", "!=", ">", "<", ">=", "=>", "<=", "=<", "~", "~>", "^", "==",
		">>", "<>", "!", "~=", "^^", "v"}
	blanks     = []string{"", "", "", " ", " ", "  ", "\t", "\n", "\r", "\f", "\v", "\u00a0"}
	separators = []string{",", ", ", " ", " ", " , ", "  ", "||", " || ", "|", ",,", ";", " - ", "-",
		" -", "- ", "  -  ", "\t-\n", "&&", ""}
	written = []string{"HEAD", "main", "master", "", "*", "x", "v*", "1.x", "v1.*", ">=1.0.0 <2.0.0",
		"~1.2", "^0.2", "1.0.0 - 2.0.0", "release-1.x", "refs/heads/1.x", "latest", ">=0.0.0-0", "*-0",
		"1.2.*", "1.2.3", "v1.2", "1 - 2 3", ">1.x-0", "~0.0.0", "^0.0.0", "^*", "!=1.x", "!=x"}
	prefixes = []string{"", "", "", "app-", "v", "1", "apps/a/", "-"}
	nasty    = " \t,|-.+*xXvV<>=!~^019a\n\"é\x00\xff"
)

func (r random) part(wild bool) string {
	if wild && r.chance(5) {
		return r.pick(wildcards[:3+r.rarely(6)])
	}
	if r.chance(6) {
		return r.pick(numbers[:10+r.rarely(7)])
	}
	return strconv.Itoa(r.Intn(4))
}

func (r random) labels() string {
	s := r.pick(labels[:7+r.rarely(12)])
	for r.chance(3) {
		s += "." + r.pick(labels[:7+r.rarely(12)])
	}
	return s
}

func (r random) version(wild bool) string {
	s := ""
	if r.chance(4) {
		s = "v"
	}
	s += r.part(wild)
	for n := 1; n < 3 && !r.chance(4); n++ {
		s += "." + r.part(wild)
	}
	if r.chance(30) {
		s += "." + r.part(wild)
	}
	if r.chance(4) {
		s += "-" + r.labels()
	}
	if r.chance(10) {
		s += "+" + r.labels()
	}
	return s
}

// rarely is mostly 0, or else less than n.
func (r random) rarely(n int) int {
	if r.chance(12) {
		return r.Intn(n)
	}
	return 0
}

func (r random) revision() string {
	if r.chance(20) {
		return r.pick(written)
	}
	s := r.pick(blanks[:5+r.rarely(7)])
	for {
		if r.chance(8) {
			s += r.version(true) + " - " + r.version(true)
		} else {
			s += r.pick(operators[:14+r.rarely(8)]) + r.pick(blanks[:4+r.rarely(8)]) + r.version(true)
		}
		if !r.chance(3) {
			break
		}
		s += r.pick(separators[:8+r.rarely(11)])
	}
	if r.chance(6) {
		s += r.pick(blanks[:10])
	}
	return s
}

func (r random) damage(s string) string {
	b := []byte(s)
	for r.chance(2) || len(b) == 0 {
		at := r.Intn(len(b) + 1)
		switch {
		case r.chance(2) || at == len(b):
			b = append(b[:at:at], append([]byte{nasty[r.Intn(len(nasty))]}, b[at:]...)...)
		case r.chance(2):
			b = append(b[:at:at], b[at+1:]...)
		default:
			b[at] = nasty[r.Intn(len(nasty))]
		}
	}
	return string(b)
}

func (r random) question() question {
	q := question{strict: r.chance(2), revision: r.revision(), prefix: ""}
	if r.chance(10) {
		q.revision = r.damage(q.revision)
	}
	if r.chance(5) {
		q.prefix = r.pick(prefixes)
	}
	for n := r.Intn(8); n > 0; n-- {
		tag := r.version(false)
		if r.chance(10) {
			tag = r.damage(tag)
		}
		if !r.chance(4) {
			tag = q.prefix + tag
		}
		q.tags = append(q.tags, tag)
	}
	return q
}

func (q question) line() string {
	fields := []string{strconv.Itoa(*library), "0", hexField(q.revision), hexField(q.prefix)}
	if q.strict {
		fields[1] = "1"
	}
	for _, tag := range q.tags {
		fields = append(fields, hexField(tag))
	}
	return strings.Join(fields, " ")
}

func batch(d *driver, r random, n int, t *tally) {
	questions := make([]question, n)
	lines := make([]string, n)
	for i := range questions {
		questions[i] = r.question()
		lines[i] = questions[i].line()
	}
	for i, line := range d.ask(lines) {
		q := questions[i]
		want := pick(q)
		sort.Ints(want.taken)
		got := answer{}
		fields := strings.Fields(line)
		got.found, _ = strconv.Atoi(fields[1])
		for _, field := range fields[2:] {
			tag, _ := strconv.Atoi(field)
			got.taken = append(got.taken, tag)
		}
		t.count([]string{"literal", "prefixed", "from tags", "not known"}[got.found])
		if got.found != notKnown && fmt.Sprint(got) != fmt.Sprint(want) {
			t.contradict("revision %q, prefix %q, tags %q, strict %v: library %v, we %v", q.revision,
				q.prefix, q.tags, q.strict, want, got)
		}
		// We say it of 3.4.0; 3.2.0 differs in what may stand behind "1 - 2", 3.3.1 in zeros.
		if (*library == 3 || *library < 2 && !strings.Contains(q.revision, "-")) &&
			(fields[0] == "1") != isConstraint(q.revision) {
			t.contradict("is %q a constraint: library %v, we %s", q.revision, isConstraint(q.revision),
				fields[0])
		}
	}
}

func main() {
	campaign("semver", batch)
}
