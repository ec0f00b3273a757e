// What the comparisons with Go libraries share: the driver, the count, the random choices. Each of
// them is built from this file and its own.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"math/rand"
	"os"
	"os/exec"
	"sort"
	"strings"
)

// A driver answers each line with a line.
type driver struct {
	in  io.WriteCloser
	out *bufio.Reader
}

func startDriver(path string) *driver {
	command := exec.Command(path)
	in, err := command.StdinPipe()
	if err != nil {
		fatal(err)
	}
	out, err := command.StdoutPipe()
	if err != nil {
		fatal(err)
	}
	command.Stderr = os.Stderr
	if err := command.Start(); err != nil {
		fatal(err)
	}
	return &driver{in, bufio.NewReaderSize(out, 1<<20)}
}

func (d *driver) ask(lines []string) []string {
	go func() {
		if _, err := io.WriteString(d.in, strings.Join(lines, "\n")+"\n"); err != nil {
			fatal(err)
		}
		// The answers may lie in the driver's buffer until it has more to say; an empty line is
		// answered with one, flushed.
		if _, err := io.WriteString(d.in, "\n"); err != nil {
			fatal(err)
		}
	}()
	answers := make([]string, len(lines))
	for i := range answers {
		answers[i] = d.line(lines[i])
	}
	d.line("the end of a batch")
	return answers
}

func (d *driver) line(asked string) string {
	line, err := d.out.ReadString('\n')
	if err != nil {
		fatal(fmt.Errorf("the driver ended (%v) at %q or behind it", err, asked))
	}
	return strings.TrimSuffix(line, "\n")
}

func fatal(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(2)
}

// hexField shows any bytes without blanks; it is never empty.
func hexField(s string) string {
	return fmt.Sprintf("x%x", s)
}

// What came out of the comparisons.
type tally struct {
	inputs         int
	counts         map[string]int
	contradictions int
	shown          int
}

func (t *tally) count(what string) {
	t.counts[what]++
}

// show prints the first few of what is not known where it might be, when that is asked for.
func (t *tally) show(what string, input string) {
	if t.shown < *showing {
		t.shown++
		fmt.Println(what, input)
	}
}

// contradict lists one contradiction, with its input in Go's notation.
func (t *tally) contradict(format string, a ...interface{}) {
	t.contradictions++
	if t.contradictions <= 50 {
		fmt.Printf("CONTRADICTION "+format+"\n", a...)
	}
}

var showing = flag.Int("show", 0, "inputs that are not known to print")

type random struct{ *rand.Rand }

func (r random) pick(from []string) string {
	return from[r.Intn(len(from))]
}

// chance is true once in n times.
func (r random) chance(n int) bool {
	return r.Intn(n) == 0
}

// campaign runs `batch` until `count` inputs are through, prints what came out and exits: 0 without
// contradictions, 1 with.
func campaign(name string, batch func(d *driver, r random, n int, t *tally)) {
	count := flag.Int("count", 200, "inputs to generate")
	seed := flag.Int64("seed", 1, "of the generator")
	path := flag.String("driver", "", "our side")
	flag.Parse()
	d := startDriver(*path)
	t := tally{counts: map[string]int{}}
	r := random{rand.New(rand.NewSource(*seed))}
	for t.inputs < *count {
		n := 1000
		if *count-t.inputs < n {
			n = *count - t.inputs
		}
		batch(d, r, n, &t)
		t.inputs += n
	}
	var parts []string
	for what := range t.counts {
		parts = append(parts, what)
	}
	sort.Strings(parts)
	for i, what := range parts {
		parts[i] = fmt.Sprintf("%d %s", t.counts[what], what)
	}
	fmt.Printf("%s: seed %d, %d inputs: %s; %d contradictions\n", name, *seed, t.inputs,
		strings.Join(parts, ", "), t.contradictions)
	if t.contradictions > 0 {
		os.Exit(1)
	}
}
