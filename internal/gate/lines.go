package gate

import (
	"cmp"
	"path"
	"slices"
	"strconv"
	"strings"

	"tare/internal/compare"
)

// pairs say what became of each instruction.
type pairs struct {
	// was is the index of the instruction of before for each of after, -1 for a new one;
	// same says that it is the same.
	was  []int
	same []bool
	// shifted says that it is the same, but stands elsewhere among those that are.
	shifted []bool
	gone    []int // instructions of before that are nowhere in after
	next    map[int]int
}

// pair finds for each instruction the one that it was: the same text, in the same order
// where possible (the longest common subsequence), else wherever it moved to; and of what is
// left the one of the same kind in the same place, which was changed.
func pair(before, after []Line, stages map[int]int) *pairs {
	p := &pairs{was: slices.Repeat([]int{-1}, len(after)), same: make([]bool, len(after)), shifted: make([]bool, len(after)), next: map[int]int{}}
	taken := make([]bool, len(before))
	match := func(i, j int, same bool) {
		p.was[j], p.same[j], taken[i] = i, same, true
	}
	of := func(lines []Line, stage int) (out []int) {
		for n := range lines {
			if lines[n].Stage == stage {
				out = append(out, n)
			}
		}
		return out
	}
	for now, then := range stages {
		old, new := of(before, then), of(after, now)
		anchors := common(len(old), len(new), func(i, j int) bool { return alike(&before[old[i]], &after[new[j]]) })
		for _, m := range anchors {
			match(old[m[0]], new[m[1]], true)
		}
		for _, j := range new { // moved
			for _, i := range old {
				if p.was[j] < 0 && !taken[i] && alike(&before[i], &after[j]) {
					match(i, j, true)
					p.shifted[j] = true
				}
			}
		}
		// Of what is left between two pairs the likest of a kind first.
		for _, least := range []float64{0.5, 0} {
			for y, j := range new {
				best, at := -1.0, -1
				lo, hi := around(anchors, y, len(old))
				for x := lo; x < hi && p.was[j] < 0; x++ {
					i := old[x]
					if taken[i] || before[i].Keyword != after[j].Keyword {
						continue
					}
					if s := likeness(before[i].Text, after[j].Text); s >= least && s > best {
						best, at = s, i
					}
				}
				if at >= 0 {
					match(at, j, false)
				}
			}
		}
	}
	for i := range before {
		if !taken[i] {
			p.gone = append(p.gone, i)
		}
	}
	for j, i := range p.was {
		if i >= 0 {
			p.next[i] = j
		}
	}
	return p
}

// around are the bounds of what may have been item j: between the pairs around it.
func around(anchors [][2]int, j, n int) (lo, hi int) {
	lo, hi = 0, n
	for _, a := range anchors {
		if a[1] < j {
			lo = max(lo, a[0]+1)
		}
		if a[1] > j {
			hi = min(hi, a[0])
		}
	}
	return lo, hi
}

// alike tells whether two instructions are the same.
func alike(a, b *Line) bool {
	if a.Keyword == "FROM" && b.Keyword == "FROM" {
		return unnamed(a.Text) == unnamed(b.Text)
	}
	if a.Keyword != b.Keyword || a.Text != b.Text {
		return false
	}
	return !strings.Contains(a.Text, "<<") || a.Code == b.Code
}

// unnamed is a FROM without the name that it gives its stage: another name is no other base.
func unnamed(text string) string {
	words := strings.Fields(text)
	if n := len(words); n > 3 && strings.EqualFold(words[n-2], "AS") {
		words = words[:n-2]
	}
	return strings.Join(words[min(1, len(words)):], " ")
}

// likeness is the part of the words that two texts have in common.
func likeness(a, b string) float64 {
	x, y := strings.Fields(a), strings.Fields(b)
	have := map[string]int{}
	for _, w := range x {
		have[w]++
	}
	n := 0
	for _, w := range y {
		if have[w] > 0 {
			have[w]--
			n++
		}
	}
	return float64(n) / float64(max(len(x), len(y), 1))
}

// stagesLike are, for the stages of after, those of before: of the same name, else the last
// for the last, else that which has most instructions in common, else that in the same place.
// The number of a stage without a name is none: it changes with every stage before it.
func stagesLike(before, after *Source) map[int]int {
	out, taken := map[int]int{}, map[int]bool{}
	fill := func(n, i int) {
		if _, done := out[n]; !done && i >= 0 && i < len(before.Stages) && !taken[i] {
			out[n], taken[i] = i, true
		}
	}
	for n, name := range after.Stages {
		if name == strconv.Itoa(n) {
			continue
		}
		for i, was := range before.Stages {
			if strings.EqualFold(was, name) {
				fill(n, i)
			}
		}
	}
	fill(len(after.Stages)-1, len(before.Stages)-1)
	for n := range after.Stages {
		best, at := 0, -1
		for i := range before.Stages {
			if taken[i] {
				continue
			}
			if c := inCommon(before.Lines, i, after.Lines, n); c > best {
				best, at = c, i
			}
		}
		fill(n, at)
	}
	for n := range after.Stages {
		fill(n, n)
	}
	return out
}

// inCommon counts the instructions that two stages have in common.
func inCommon(before []Line, i int, after []Line, n int) (count int) {
	have := map[string]int{}
	for k := range before {
		if l := &before[k]; l.Stage == i {
			have[l.Text]++
		}
	}
	for k := range after {
		if l := &after[k]; l.Stage == n && have[l.Text] > 0 {
			have[l.Text]--
			count++
		}
	}
	return count
}

// maxPaired bounds the table of common.
const maxPaired = 1 << 22

// common is the longest common subsequence of two lists of so many items.
func common(n, m int, same func(i, j int) bool) (out [][2]int) {
	if n*m > maxPaired {
		return nil
	}
	best := make([][]int32, n+1)
	for i := range best {
		best[i] = make([]int32, m+1)
	}
	for i := n - 1; i >= 0; i-- {
		for j := m - 1; j >= 0; j-- {
			best[i][j] = max(best[i+1][j], best[i][j+1])
			if same(i, j) {
				best[i][j] = max(best[i][j], best[i+1][j+1]+1)
			}
		}
	}
	for i, j := 0, 0; i < n && j < m; {
		switch {
		case same(i, j) && best[i][j] == best[i+1][j+1]+1:
			out = append(out, [2]int{i, j})
			i, j = i+1, j+1
		case best[i+1][j] >= best[i][j+1]:
			i++
		default:
			j++
		}
	}
	return out
}

// reconstruct makes a Source of before from its history alone: which of after's
// instructions it had. What it had besides above the first of them is an instruction of its
// own; below, the base's. It is nil if the history has none of them.
func reconstruct(before *Subject, after *Source) *Source {
	var texts, steps []string
	var at []int
	final := -1
	for n := range after.Lines {
		final = max(final, after.Lines[n].Stage)
	}
	for n := range after.Lines {
		if l := &after.Lines[n]; l.Keyword != "FROM" && final >= 0 {
			texts, at = append(texts, recorded(l)), append(at, n)
		}
	}
	for _, s := range before.Steps {
		steps = append(steps, written(bare(s.Instruction), after.Lines))
	}
	owner, unsure := compare.Align(texts, steps)
	first := -1
	for k, o := range owner {
		if o >= 0 && !unsure[k] && first < 0 {
			first = k
		}
	}
	if first < 0 {
		return nil
	}
	if Flat(before.Steps[first:]) {
		return nil
	}
	out := &Source{Dockerfile: after.Dockerfile, Context: after.Context, Stages: after.Stages, guessed: true}
	var base []int
	have := map[int]bool{}
	stage := 0
	for k, s := range before.Steps {
		o := owner[k]
		if o >= 0 {
			stage = after.Lines[at[o]].Stage
		}
		switch {
		case k < first && (o < 0 || unsure[k]):
			if s.Layer >= 0 {
				base = append(base, s.Layer)
			}
			continue
		case o >= 0 && !unsure[k]:
			l := after.Lines[at[o]]
			l.Layers = nil
			have[at[o]] = true
			if s.Layer >= 0 {
				l.Layers = []int{s.Layer}
			}
			out.Lines = append(out.Lines, l)
		default:
			word, _, _ := strings.Cut(s.Instruction, " ")
			l := Line{Stage: stage, Keyword: strings.ToUpper(word), Text: steps[k], Code: steps[k]}
			if s.Layer >= 0 {
				l.Layers = []int{s.Layer}
			}
			out.Lines = append(out.Lines, l)
		}
	}
	// Instructions that leave no trace in a history, and stages that stay behind, are taken
	// for what they are now.
	var all []Line
	for n := range after.Lines {
		l := after.Lines[n]
		if l.Keyword == "FROM" {
			if len(l.Layers) > 0 {
				l.Layers = base
			}
			all = append(all, l)
		} else if silent(l.Keyword) || !onTop(after, l.Stage) {
			if !have[n] {
				l.Layers = nil
				all = append(all, l)
			}
		}
	}
	out.Lines = append(all, out.Lines...)
	return out
}

// Flat tells whether a builder made fewer layers than instructions that copy (buildah without
// --layers, docker build --squash): then a layer belongs to no line.
func Flat(steps []Step) bool {
	return slices.ContainsFunc(steps, func(s Step) bool {
		word, _, _ := strings.Cut(s.Instruction, " ")
		return s.Layer < 0 && (word == "COPY" || word == "ADD")
	})
}

// bare is a step without the build arguments that BuildKit writes before a command which no
// shell carries out: RUN |1 V=1 /bin/tool make.
func bare(step string) string {
	rest, ok := strings.CutPrefix(step, "RUN |")
	if !ok || strings.Contains(rest, " -c ") {
		return step
	}
	count, rest, _ := strings.Cut(rest, " ")
	n, err := strconv.Atoi(count)
	words := strings.Fields(rest)
	if err != nil || n < 0 || n >= len(words) {
		return step
	}
	return "RUN " + strings.Join(words[n:], " ")
}

// written is a copy that Docker's classic builder and buildah record by the digest of what was
// copied, as it stands in the file: COPY file:1f2e in /app. Whatever copied to there then is the
// same line, as far as a history tells.
func written(step string, lines []Line) string {
	keyword, rest, _ := strings.Cut(step, " ")
	from, to, ok := strings.Cut(rest, " in ")
	kind, _, digest := strings.Cut(from, ":")
	if !ok || !digest || keyword != "COPY" && keyword != "ADD" || kind != "file" && kind != "dir" && kind != "multi" || strings.Contains(from, " ") {
		return step
	}
	found := ""
	for i := range lines {
		l := &lines[i]
		words := strings.Fields(l.Text)
		if l.Keyword != keyword || len(words) < 2 {
			continue
		}
		dest := path.Clean(strings.Trim(words[len(words)-1], `"'[]`))
		at := path.Clean(strings.TrimSpace(to))
		if dest == at || !path.IsAbs(dest) && (dest == "." || strings.HasSuffix(at, "/"+dest)) {
			if found != "" {
				return step // one of several
			}
			found = l.Text
		}
	}
	return cmp.Or(found, step)
}

// silent tells whether builders write nothing into a history for an instruction.
func silent(keyword string) bool {
	return keyword == "ARG" || keyword == "SHELL" || keyword == "ONBUILD" || keyword == "STOPSIGNAL" || keyword == "HEALTHCHECK"
}

// onTop tells whether a stage is one that the image consists of.
func onTop(s *Source, stage int) bool {
	return slices.ContainsFunc(s.Lines, func(l Line) bool { return l.Stage == stage && len(l.Layers) > 0 })
}

// recorded is what a history has of an instruction.
func recorded(l *Line) string {
	if l.Keyword == "RUN" && strings.Contains(l.Text, "<<") {
		return "RUN " + l.Code
	}
	return l.Text
}
