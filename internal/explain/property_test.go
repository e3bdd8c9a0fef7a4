package explain_test

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tare/internal/compare"
	"tare/internal/explain"
	"tare/internal/testkit"
	"tare/internal/units"
)

// checker holds sentences against a recomputation from the models of their images.
type checker struct {
	images map[string]*model
	order  []*model
	said   string // the sentence that is being checked
	pair   string // of a sentence about two images: their names
	wrong  []string
	seen   map[string]int // how often each form of sentence was said
}

func (c *checker) want(what, got, want string) {
	if got != want {
		c.wrong = append(c.wrong, fmt.Sprintf("%s\n  %s is %s, not %s", c.said, what, want, got))
	}
}

func (c *checker) must(ok bool, what string) {
	if !ok {
		c.wrong = append(c.wrong, c.said+"\n  not so: "+what)
	}
}

// words splits "a, b and c".
func words(s string) []string { return strings.Split(strings.ReplaceAll(s, " and ", ", "), ", ") }

const (
	size  = `([0-9.]+[kMGT]?B)`
	delta = `([+−]?[0-9.]+[kMGT]?B)`
	tools = `compilers, build tools, headers and static libraries`
)

// form is a sentence that explain says, and what must be true of it.
type form struct {
	re    *regexp.Regexp
	check func(c *checker, m []string)
}

func sentence(re string, check func(c *checker, m []string)) form {
	return form{regexp.MustCompile("^" + re + "$"), check}
}

var forms = []form{
	sentence(`(.+) (?:is|are equal and) the (smallest|largest) on every measure \((.*)\)\.`, func(c *checker, m []string) { c.extreme(m[1], m[2], m[3]) }),
	sentence(`(.+) (?:has|have) the (smallest|largest) (.*)\.`, func(c *checker, m []string) { c.extreme(m[1], m[2], m[3]) }),
	sentence(`(All \d|Both) are the same size on (.*)\.`, func(c *checker, m []string) {
		for _, measure := range words(m[2]) {
			for _, i := range c.order {
				c.must(i.sizes()[measure] == c.order[0].sizes()[measure], measure)
			}
		}
	}),
	sentence(`(\S+) is `+size+` (larger|smaller) than (\S+) \(live: (\S+) instead of (\S+); transfer: `+delta+`\)\.`, func(c *checker, m []string) {
		to, from := c.images[m[1]].sizes(), c.images[m[4]].sizes()
		d := to["live"] - from["live"]
		c.want("the difference", m[2], units.Bytes(max(d, -d)))
		c.want("the word", m[3], map[bool]string{true: "larger", false: "smaller"}[d > 0])
		now, was := units.Pair(to["live"], from["live"])
		c.want("live", m[5]+" "+m[6], now+" "+was)
		c.want("transfer", m[7], units.Delta(to["transfer"]-from["transfer"]))
	}),
	sentence(`(\S+) and (\S+) (are the same image|have the same layers and the same configuration, stored differently|have the same layers|show a container the same files with the same metadata): live is the same, byte for byte \(live: (\S+); transfer: (\S+)\)(; their layers differ)?(.*)\.`, func(c *checker, m []string) {
		a, b := c.images[m[1]], c.images[m[2]]
		content, metadata := paths(a, b)
		c.must(len(content)+len(metadata) == 0, fmt.Sprint(content, metadata))
		layers := slices.Equal(a.tars, b.tars)
		c.must(layers != (m[3] == "show a container the same files with the same metadata"), "layers")
		c.must((a.built.Target.Digest == b.built.Target.Digest) == (m[3] == "are the same image"), "image")
		c.configured(a, b, m[7])
	}),
	sentence(`(\S+) and (\S+) show a container the same contents, byte for byte \(live: (\S+); transfer: (\S+)\), but not the same metadata: (\d+) paths? differs?: (/[^;]*)(.*)\.`, func(c *checker, m []string) {
		a, b := c.images[m[1]], c.images[m[2]]
		content, metadata := paths(a, b)
		c.must(len(content) == 0, fmt.Sprint(content))
		c.want("how many differ", m[5], fmt.Sprint(len(metadata)))
		c.named(m[6], metadata)
		c.configured(a, b, m[7])
	}),
	sentence(`(\S+) and (\S+) are equally large \(live: (\S+); transfer: (\S+)\), but not the same: (\d+) paths? differs? in content(?: and (\d+) in metadata only)?: (/[^;]*)(.*)\.`, func(c *checker, m []string) {
		a, b := c.images[m[1]], c.images[m[2]]
		content, metadata := paths(a, b)
		c.must(a.sizes()["live"] == b.sizes()["live"], "equally large")
		c.want("how many differ in content", m[5], fmt.Sprint(len(content)))
		c.want("how many in metadata", m[6], strings.TrimPrefix(fmt.Sprint(len(metadata)), map[bool]string{true: "0"}[len(metadata) == 0]))
		c.named(m[7], append(content, metadata...))
		c.configured(a, b, m[8])
	}),
	sentence(`(Why: .*); everything else adds up to `+delta+`\.`, nil), // by pair: see why
	sentence(`The difference is (\S+): `+size+` of `+size+`, which only (\S+) has; everything else adds up to `+delta+`\.`, nil),
	sentence(`Both have (.*)\.`, func(c *checker, m []string) { c.layers(m[1]) }),
	sentence(`All have (.*)\.`, func(c *checker, m []string) { c.layers(m[1]) }),
	sentence(`((?:\S+ has \d+ layers?(?:, | and )?)+)\.`, func(c *checker, m []string) {
		for n, part := range words(m[1]) {
			c.want("layers", part, c.order[n].name+" has "+units.Plural(len(c.order[n].layers), "layer"))
		}
	}),
	sentence(`(\S+) has `+size+` that no container can see, `+size+` of it (\S+)\.`, func(c *checker, m []string) {
		i := c.images[m[1]]
		z := i.sizes()
		c.want("waste", m[2], units.Bytes(z["files"]-z["live"]))
		if by, ok := i.hidden(); ok {
			c.want(m[4], m[3], units.Bytes(by[m[4]]))
			for class, n := range by {
				c.must(n <= by[m[4]], class+" is more")
			}
		}
	}),
	sentence(`They share no layer \(0B of `+size+`\)(.*)\.`, func(c *checker, m []string) {
		together, separately := c.blobs()
		c.want("layers", m[1], units.Bytes(separately))
		c.must(together == separately, "no layer is shared")
		c.apart(m[2])
	}),
	sentence(`Pulling all of them onto one host transfers (\S+) of layers instead of (\S+), because they share layers(.*)\.`, func(c *checker, m []string) {
		together, separately := c.blobs()
		now, was := units.Pair(together, separately)
		c.want("layers", m[1]+" "+m[2], now+" "+was)
		c.must(together < separately, "layers are shared")
		c.apart(m[3])
	}),
	sentence(`(\S+) has (\d+) packages? of its distribution \((\S+)\) that (\S+) lacks(?:: |, the largest being )(.*)\.`, func(c *checker, m []string) {
		a, b := c.images[m[1]], c.images[m[4]]
		rows, have := a.rows(false), b.packages()
		n, all := 0, int64(0)
		for name := range a.packages() {
			if !have[name] {
				n, all = n+1, all+rows["package "+name]
			}
		}
		c.want("packages", m[2]+" "+m[3], fmt.Sprint(n, " ", units.Bytes(all)))
		for _, w := range words(m[5]) {
			name, bytes, _ := strings.Cut(strings.TrimSuffix(w, ")"), " (")
			c.must(a.packages()[name] && !have[name], name)
			c.want(name, bytes, units.Bytes(rows["package "+name]))
		}
	}),
	sentence(`Compilers, build tools, headers and static libraries are `+size+` of the `+size+` by which (\S+) is larger\.`, func(c *checker, m []string) {
		n, total := c.toolsOf(m[3])
		c.must(n > 0 && n <= total, "tools are a part")
		c.want("tools", m[1]+" "+m[2], units.Bytes(n)+" "+units.Bytes(total))
	}),
	sentence(`(\S+) has `+size+` more of `+tools+` than (\S+): more than the `+size+` by which it is larger\.`, func(c *checker, m []string) {
		n, total := c.images[m[1]].toolchain()-c.images[m[3]].toolchain(), c.images[m[1]].sizes()["live"]-c.images[m[3]].sizes()["live"]
		c.must(n > total && total > 0, "more than all of it")
		c.want("tools", m[2]+" "+m[4], units.Bytes(n)+" "+units.Bytes(total))
	}),
	sentence(`Build dependencies are not the reason: (\S+), the larger one, has `+size+` less of `+tools+`\.`, func(c *checker, m []string) {
		n, total := c.toolsOf(m[1])
		c.must(n < 0 && total > 0, "the larger has less")
		c.want("tools", m[2], units.Bytes(-n))
	}),
	sentence(`Build dependencies are not the reason: `+tools+` are 0B of the `+size+` by which (\S+) is larger\.`, func(c *checker, m []string) {
		n, total := c.toolsOf(m[2])
		c.must(n == 0 && total > 0, "both have as much")
		c.want("the difference", m[1], units.Bytes(total))
	}),
	sentence(`The multi-stage build of (\S+) saves 0B: the files of (.*) are all in the image as well\.`, func(c *checker, m []string) { c.stages(m[1], m[2], "0B", "") }),
	sentence(`The multi-stage build of (\S+) saves next to nothing: (\S+) of the files of (.*) are not in the image(?:, and (\S+) are there with other contents)?\.`, func(c *checker, m []string) { c.stages(m[1], m[3], m[2], "") }),
	sentence(`The multi-stage build of (\S+) saves (\S+) that layers of (.*) hide; of the files that a container of it would see, (\S+) are not in the image\.`, func(c *checker, m []string) { c.stages(m[1], m[3], m[4], "") }),
	sentence(`The multi-stage build of (\S+) saves (\S+): files of (stages? [a-z0-9 ]+) that are not in the image(?:, (\S+) of them `+tools+`)?(?:; and (\S+) that layers of .* hide)?\.`, func(c *checker, m []string) {
		c.stages(m[1], m[3], m[2], m[4])
	}),
	sentence(`(\S+) lacks no package that another has\.`, func(c *checker, m []string) { c.must(len(c.lacking(m[1])) == 0, fmt.Sprint(c.lacking(m[1]))) }),
	sentence(`(\S+) lacks (\d+) packages? that others have, the largest being (.*)\.`, func(c *checker, m []string) {
		list := c.lacking(m[1])
		c.want("packages", m[2], fmt.Sprint(len(list)))
		for _, w := range words(m[3]) {
			name, bytes, _ := strings.Cut(strings.TrimSuffix(w, ")"), " 1 (")
			n, ok := list[name]
			c.must(ok, name)
			c.want(name, bytes, units.Bytes(n))
		}
	}),
}

// TestSentencesAreTrue draws pairs and triples of images and holds every sentence, of
// everybody's and of the course's, against what the files themselves say.
func TestSentencesAreTrue(t *testing.T) {
	s := testkit.Store(t)
	seen := map[string]int{}
	seeds := 100
	if testing.Short() { // make mutants runs it hundreds of times
		seeds = 12
	}
	for seed := range seeds {
		r := rand.New(rand.NewPCG(uint64(seed), 9))
		c := &checker{images: map[string]*model{}, seen: seen}
		var subjects []compare.Subject
		var last *model
		for n := range 2 + r.IntN(2) {
			last = random(t, s, r, fmt.Sprintf("image%d-%d", seed, n), last)
			c.images[last.name], c.order, subjects = last, append(c.order, last), append(subjects, last.subject)
		}
		result, err := compare.Compare(subjects, compare.Options{Pairs: true})
		if err != nil {
			t.Fatal(err)
		}
		for _, list := range [][]compare.Sentence{explain.Sentences(result, explain.Material{}), explain.Sentences(result, explain.Threshold), explain.Course(result, explain.Threshold)} {
			c.all(list)
		}
		for _, w := range c.wrong {
			t.Errorf("seed %d: %s", seed, w)
		}
		if t.Failed() {
			return
		}
	}
	for _, f := range forms {
		if seen[f.re.String()] == 0 && !testing.Short() {
			t.Errorf("never said: %s", f.re)
		}
	}
}

// all checks sentences. What a pair's sentence on its causes is about stands before it.
func (c *checker) all(list []compare.Sentence) {
	for _, s := range list {
		c.said, c.pair = s.Text, ""
		for _, e := range s.Evidence {
			if e.From != "" {
				c.pair = e.From + " " + e.To
			}
		}
		known := false
		for _, f := range forms {
			m := f.re.FindStringSubmatch(s.Text)
			if m == nil {
				continue
			}
			known = true
			c.seen[f.re.String()]++
			if f.check != nil {
				f.check(c, m)
			} else {
				c.why(s, m)
			}
			break
		}
		c.must(known, "no form of sentence is like that")
	}
}
