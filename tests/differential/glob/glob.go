// Generates patterns and paths, and holds what glob_match() says of them to gobwas/glob.
package main

import (
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gobwas/glob"
)

type pair struct {
	pattern string
	path    string
	written bool // of a kind that people write into include and exclude
}

// match says as our side does, or "panics" or "hangs".
func match(p pair) (said string) {
	defer func() {
		if recover() != nil {
			said = "panics"
		}
	}()
	g, err := glob.Compile(p.pattern)
	if err != nil {
		return "invalid"
	}
	if g.Match(p.path) {
		return "yes"
	}
	return "no"
}

// A batch of these is quick unless one of them takes exponential time; then that one is given half a
// minute (the machine may have been busy), and its thread is left to itself.
func matchAll(pairs []pair) []string {
	type answer struct {
		i    int
		said string
	}
	said := make([]string, len(pairs))
	for start := 0; start < len(pairs); {
		answers := make(chan answer, len(pairs))
		var givenUp int32
		go func(from int) {
			for i := from; i < len(pairs) && atomic.LoadInt32(&givenUp) == 0; i++ {
				answers <- answer{i, match(pairs[i])}
			}
		}(start)
		for start < len(pairs) {
			timer := time.NewTimer(30 * time.Second)
			select {
			case a := <-answers:
				said[a.i] = a.said
				start = a.i + 1
				timer.Stop()
				continue
			case <-timer.C:
				said[start] = "hangs"
				start++
			}
			atomic.StoreInt32(&givenUp, 1)
			break
		}
	}
	return said
}

var (
	// What stands between the slashes of a repository.
	names = []string{"a", "b", "ab", "x", "app", "apps", "env", "dev", "prod", "base", "root-app",
		"values", "kustomization", "templates", "argocd", "config"}
	ends    = []string{".yaml", ".yml", ".json", ".yaml", ".yaml", "", ".jsonnet", "-prod.yaml"}
	nasty   = "ab/.*?[]{},!^-\\"
	farther = []string{"é", "日", "\xff", "\n", " ", "~", "\u2028", "}", "]", "**", "{{", "{,", ",}", "{}",
		"[!", "[a-b]", "[!a-b]", "[ab]", "[!ab]", "[a]", "\\*", "\\\\", "?*", "*?", "a*a", "aba", "bab",
		"[b-a]", "[a-z0-9]", "{a,b}", "{a,ab}", "{ab,a}*", "{*a,*b}", "{a*,b*}", "{a?,b?}", "{,a}"}
)

func (r random) name() string {
	return r.pick(names)
}

func (r random) writtenPath() string {
	s := ""
	for r.chance(2) {
		s += r.name() + "/"
	}
	return s + r.name() + r.pick(ends)
}

// One alternative, or a pattern without braces.
func (r random) writtenTerm() string {
	s := ""
	switch r.Intn(5) {
	case 0:
		s = "**/"
	case 1:
		s = r.name() + "/"
	case 2:
		s = r.pick([]string{"*/", "./", "/", "**", "*", ""}) + r.name() + "/"
	}
	switch r.Intn(8) {
	case 0:
		s += "*"
	case 1:
		s += "**"
	case 2, 3:
		s += "*" + r.pick(ends)
	case 4:
		s += r.name() + "*" + r.pick(ends)
	case 5:
		s += "*" + r.name() + r.pick(ends)
	default:
		s += r.name() + r.pick(ends)
	}
	return s
}

// The patterns that people write into include and exclude.
func (r random) writtenPattern() string {
	alternatives := func(one func() string) string {
		list := []string{one(), one()}
		for r.chance(2) {
			list = append(list, one())
		}
		return "{" + strings.Join(list, r.pick([]string{",", ",", ",", ", "})) + "}"
	}
	switch r.Intn(10) {
	case 0, 1, 2:
		return r.writtenTerm()
	case 3, 4, 5:
		return alternatives(r.writtenTerm)
	case 6:
		return r.pick([]string{"*", "**/*", "", r.name() + "*"}) + alternatives(func() string { return r.pick(ends) })
	case 7:
		return r.pick([]string{"", "**/", "*"}) + alternatives(r.name) + r.pick([]string{".yaml", "/*", "/**", "*.yaml", "/*.yaml", "-*", "*"})
	case 8:
		return alternatives(r.name) + "/" + r.pick([]string{"", "*", "**/"}) + "*." + alternatives(func() string { return r.pick([]string{"yaml", "yml", "json"}) })
	default:
		return r.pick([]string{"!(" + r.name() + ".yaml)", "!" + r.writtenTerm(), "(" + r.writtenTerm() + ")",
			r.writtenTerm() + "," + r.writtenTerm(), r.writtenTerm() + "\n" + r.writtenTerm() + "\n",
			r.name() + "[0-9].yaml", "*[!a-c].yaml", r.name() + "?.yaml", "*.y?ml", "[ab]*/" + r.name() + "*",
			"**/{" + r.writtenTerm() + "," + r.writtenTerm() + "}", "{" + r.writtenTerm() + "}",
			"{" + r.writtenTerm() + "," + alternatives(r.writtenTerm) + "}"})
	}
}

func (r random) nastyText(n int) string {
	s := ""
	for ; n > 0; n-- {
		if r.chance(12) {
			s += r.pick(farther)
		} else {
			s += string(nasty[r.Intn(len(nasty))])
		}
	}
	return s
}

// A tree of terms, deep and overlapping.
func (r random) tree(depth int) string {
	s := ""
	for n := 1 + r.Intn(4); n > 0; n-- {
		switch k := r.Intn(10); {
		case k < 3:
			s += r.pick([]string{"a", "b", "ab", "ba", "aa", "/", ".", "a/b"})
		case k < 5:
			s += r.pick([]string{"*", "**"})
		case k < 6:
			s += r.pick([]string{"?", "[ab]", "[!a]", "[a-b]", "[a]", "[!a-b]"})
		case depth > 0:
			s += "{" + r.tree(depth-1)
			for r.chance(2) {
				s += "," + r.tree(depth-1)
			}
			if r.chance(6) {
				s += ","
			}
			if !r.chance(20) {
				s += "}"
			}
		}
	}
	return s
}

// What a pattern may match: its terms taken at random.
func (r random) likeness(pattern string) string {
	s := ""
	skip := 0
	for i, c := range pattern {
		switch {
		case skip > 0 && c == '}':
			skip--
		case skip > 0 && c == '{':
			skip++
		case skip > 0:
		case c == '*':
			s += r.pick([]string{"", "a", "b", "x/", "ab", "a/b"})
		case c == '?':
			s += r.pick([]string{"a", "b", "/"})
		case c == '{':
			// as often the next alternative
			if r.chance(2) {
				rest := strings.IndexByte(pattern[i:], ',')
				if rest > 0 {
					return s + r.likeness(pattern[i+rest+1:])
				}
			}
		case c == ',':
			skip = 1
		case c == '}' || c == '[' || c == ']' || c == '\\' || c == '!':
		default:
			s += string(c)
		}
	}
	return s
}

func (r random) pair() pair {
	var p pair
	switch k := r.Intn(10); {
	case k < 4:
		p.pattern = r.writtenPattern()
		p.written = true
	case k < 7:
		p.pattern = r.tree(3)
	case k < 9:
		p.pattern = r.nastyText(r.Intn(14))
	default:
		p.pattern = r.writtenPattern() + r.nastyText(1+r.Intn(3))
	}
	switch r.Intn(5) {
	case 0:
		p.path = r.writtenPath()
	case 1:
		if p.written {
			p.path = r.writtenPath()
		} else {
			p.path = r.nastyText(r.Intn(8))
		}
	default:
		p.path = r.likeness(p.pattern)
	}
	if r.chance(400) {
		p.pattern += strings.Repeat(r.nastyText(1), r.Intn(100))
		p.path += strings.Repeat("a", r.Intn(400))
	}
	return p
}

func batch(d *driver, r random, n int, t *tally) {
	pairs := make([]pair, n)
	lines := make([]string, n)
	for i := range pairs {
		pairs[i] = r.pair()
		lines[i] = hexField(pairs[i].pattern) + " " + hexField(pairs[i].path)
	}
	wanted := matchAll(pairs)
	for i, got := range d.ask(lines) {
		p := pairs[i]
		kind := "of others"
		if p.written {
			kind = "of written patterns"
		}
		t.count(map[string]string{"?": "not known " + kind, "no": "no", "yes": "yes", "invalid": "invalid"}[got])
		if wanted[i] == "panics" || wanted[i] == "hangs" {
			t.count("the library " + wanted[i])
		}
		if got == "?" && p.written {
			t.show("NOT KNOWN", fmt.Sprintf("%q on %q: library %s", p.pattern, p.path, wanted[i]))
		}
		if got != "?" && got != wanted[i] && wanted[i] != "hangs" {
			t.contradict("%q on %q: library %s, we %s", p.pattern, p.path, wanted[i], got)
		}
	}
}

func main() {
	campaign("glob", batch)
}
