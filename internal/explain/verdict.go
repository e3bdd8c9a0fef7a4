package explain

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"tare/internal/compare"
	"tare/internal/units"
)

// Sized is an image with the two sizes that a verdict is about, in bytes.
type Sized struct {
	Name           string
	Transfer, Live int64
}

// Verdict says in one sentence which image is the smallest, and by how much the others
// are larger. bytes prints numbers of bytes.
func Verdict(r *compare.Result, bytes func(int64) string) string {
	var list []Sized
	known := true
	for i := range r.Images {
		pull, ok := r.Images[i].Sizes.Transfer.Int()
		known = known && ok
		list = append(list, Sized{r.Images[i].Name, pull, r.Images[i].Sizes.Live})
	}
	switch z := &r.Images[0].Sizes; {
	case len(list) > 1 && known:
		return verdictOf(list, bytes)
	case len(list) > 1:
		return liveVerdict(list, bytes)
	case !known:
		return fmt.Sprintf("%s: %s live, %s waste, transfer not known", list[0].Name, bytes(z.Live), bytes(z.Waste))
	default:
		return fmt.Sprintf("%s: %s to pull, %s live, %s waste", list[0].Name, bytes(list[0].Transfer), bytes(z.Live), bytes(z.Waste))
	}
}

// RemoteVerdict says in one sentence which image is the smallest to pull: manifests say
// no more.
func RemoteVerdict(r *compare.Remote, bytes func(int64) string) string {
	var list []Sized
	for i := range r.Images {
		pull, known := r.Images[i].Transfer.Int()
		if !known {
			return "transfer is not known of " + r.Images[i].Name
		}
		list = append(list, Sized{Name: r.Images[i].Name, Transfer: pull})
	}
	if len(list) == 1 {
		return fmt.Sprintf("%s: %s to pull", list[0].Name, bytes(list[0].Transfer))
	}
	pull := smallest(list, func(s *Sized) int64 { return s.Transfer })
	if len(pull) == len(list) {
		return fmt.Sprintf("%s the same size: %s to pull", all(len(list)), bytes(list[0].Transfer))
	}
	return fmt.Sprintf("%s the smallest to pull: %s; %s", are(names(list, pull)), bytes(list[pull[0]].Transfer), strings.TrimSuffix(larger(list, pull), " to pull"))
}

// liveVerdict is the verdict where it is not known of all images what a pull transfers.
func liveVerdict(list []Sized, bytes func(int64) string) string {
	live := smallest(list, func(s *Sized) int64 { return s.Live })
	if len(live) == len(list) {
		return fmt.Sprintf("%s the same size live (%s); transfer is not known of all", all(len(list)), bytes(list[0].Live))
	}
	by := slices.Clone(list)
	for n := range by {
		by[n].Transfer = by[n].Live
	}
	return fmt.Sprintf("%s the smallest live (%s); %s; transfer is not known of all", are(names(list, live)), bytes(list[live[0]].Live), strings.TrimSuffix(larger(by, live), " to pull"))
}

// others bounds how many other images a verdict names.
const others = 4

func verdictOf(list []Sized, bytes func(int64) string) string {
	pull, live := smallest(list, func(s *Sized) int64 { return s.Transfer }), smallest(list, func(s *Sized) int64 { return s.Live })
	first := list[pull[0]]
	switch {
	case len(pull) == len(list) && len(live) == len(list):
		return fmt.Sprintf("%s the same size: %s to pull, %s live", all(len(list)), bytes(first.Transfer), bytes(first.Live))
	case len(live) == len(list):
		return fmt.Sprintf("%s the smallest: %s to pull; %s; all have as much live (%s)", are(names(list, pull)), bytes(first.Transfer), larger(list, pull), bytes(first.Live))
	case len(pull) == len(list):
		best := list[live[0]]
		return fmt.Sprintf("%s the smallest live (%s); all have as much to pull (%s)", are(names(list, live)), bytes(best.Live), bytes(best.Transfer))
	case !slices.Equal(pull, live):
		return fmt.Sprintf("%s the smallest to pull (%s), %s the smallest live (%s)", are(names(list, pull)), bytes(first.Transfer), are(names(list, live)), bytes(list[live[0]].Live))
	}
	return fmt.Sprintf("%s the smallest: %s to pull, %s live; %s", are(names(list, pull)), bytes(first.Transfer), bytes(first.Live), larger(list, pull))
}

// larger says by how much the others are larger to pull, the nearest first.
func larger(list []Sized, best []int) string {
	first := list[best[0]]
	var rest []Sized
	for n, s := range list {
		if !slices.Contains(best, n) {
			rest = append(rest, s)
		}
	}
	slices.SortStableFunc(rest, func(a, b Sized) int { return cmp.Compare(a.Transfer, b.Transfer) })
	by := func(n int64) string {
		if p := units.Percent(n, first.Transfer); p != "" {
			return p
		}
		return units.Delta(n) // than nothing
	}
	var parts []string
	for _, s := range rest[:min(others, len(rest))] {
		parts = append(parts, s.Name+" "+by(s.Transfer))
	}
	if more := len(rest) - len(parts); more > 0 {
		parts = append(parts, fmt.Sprintf("%d more up to %s", more, by(rest[len(rest)-1].Transfer)))
	}
	return strings.Join(parts, ", ") + " to pull"
}

// smallest are the indexes of the smallest.
func smallest(list []Sized, of func(*Sized) int64) (out []int) {
	for n := range list {
		switch v := of(&list[n]); {
		case out == nil || v < of(&list[out[0]]):
			out = []int{n}
		case v == of(&list[out[0]]):
			out = append(out, n)
		}
	}
	return out
}

func names(list []Sized, at []int) (out []string) {
	for _, n := range at {
		out = append(out, list[n].Name)
	}
	return out
}

func are(names []string) string {
	if len(names) == 1 {
		return names[0] + " is"
	}
	return inWords(names) + " are"
}

func all(n int) string {
	if n == 2 {
		return "Both are"
	}
	return fmt.Sprintf("All %d are", n)
}
