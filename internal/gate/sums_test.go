package gate_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"tare/internal/gate"
	"tare/internal/units"
)

// Whatever becomes of a Dockerfile and its context, the parts sum up, the causes of each part
// are its sum, and two images that are the same differ in nothing.
func TestSums(t *testing.T) {
	texts := []string{"RUN make", "RUN rm -r /x", "RUN apk add curl", "COPY f /srv/", "COPY --from=0 /a /b", "ADD https://example.com/x /x", "ENV A=1", "ARG B=2", "WORKDIR /w", "WORKDIR w", "COPY g .", "RUN echo $A ${B}", "LABEL a=b", "COPY <<EOF /c", "USER x"}
	for seed := range uint64(4000) {
		r := rand.New(rand.NewPCG(seed, 1))
		image := func() *gate.Subject {
			files := map[string]string{"f": fmt.Sprint(r.IntN(3)), "g": fmt.Sprint(r.IntN(3))}
			parts := []part{{text: []string{"FROM alpine", "FROM alpine AS x", "FROM debian"}[r.IntN(3)], content: fmt.Sprint("base", r.IntN(2)), bytes: 1000, images: [][]string{nil, {"alpine@sha256:1"}, {"alpine@sha256:2"}}[r.IntN(3)]}}
			for n := 1 + r.IntN(8); n > 0; n-- {
				p := part{text: texts[r.IntN(len(texts))]}
				if w := p.text[:3]; w == "RUN" || w == "COP" || w == "ADD" || w == "WOR" && r.IntN(2) == 0 {
					p.content, p.bytes = fmt.Sprint(p.text, r.IntN(3)), int64(100+r.IntN(5)*100)
				}
				switch {
				case p.text == "RUN apk add curl" && r.IntN(3) > 0:
					p.pkgs = []string{fmt.Sprintf("curl %d %d", r.IntN(2), r.IntN(80)), fmt.Sprintf("zlib %d 10", r.IntN(2))}[:1+r.IntN(2)]
				case p.text == "COPY f /srv/" || p.text == "COPY g .":
					p.takes = []string{p.text[5:6]}
					p.entries = map[string]int64{"srv/" + p.text[5:6]: p.bytes}
				}
				if len(parts) > 1 && r.IntN(6) == 0 {
					p.needs = []int{r.IntN(len(parts))}
				}
				parts = append(parts, p)
			}
			s := made(files, parts...)
			for k := range s.Layers { // lines that hide files of lines before them
				if by := k + 1 + r.IntN(3); r.IntN(3) == 0 && by < len(s.Layers) && s.Layers[k].Live > 50 {
					s.Layers[k].Hidden = map[int]int64{by: 50}
					s.Layers[k].Live -= 50
					s.Sizes.Live -= 50
				}
			}
			switch r.IntN(8) {
			case 0:
				s.Source.Known = false
			case 1:
				s.Source = nil
			case 2:
				s.Source.Args = map[string]string{"B": fmt.Sprint(r.IntN(2))}
			}
			more := int64(r.IntN(3))
			s.Metadata, s.Sizes.Transfer = s.Metadata+more, s.Sizes.Transfer.Plus(units.Known(more))
			return s
		}
		a, b := image(), image()
		d, causes, err := gate.Divide(a, b)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		sums := map[string]int64{}
		for _, c := range causes {
			sums[c.Part] += c.Live
		}
		for part, want := range map[string]int64{gate.Yours: d.Yours.Live, gate.Base: d.Base.Live, gate.Packages: d.Packages.Live, gate.Noise: d.Noise.Live, gate.Unknown: d.Unknown.Live} {
			if sums[part] != want {
				t.Errorf("seed %d: the causes of %s are %d of %d", seed, part, sums[part], want)
			}
		}
		if d, causes, err = gate.Divide(b, b); err != nil || len(causes) > 0 || d.Total.Live != 0 || d.Yours.Live != 0 || d.Noise.Live != 0 {
			t.Errorf("seed %d: an image differs from itself: %+v %v %v", seed, d, causes, err)
		}
	}
}
