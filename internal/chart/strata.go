package chart

import (
	"fmt"
	"math"

	"tare/internal/units"
)

// Ground is what the images of a fleet stand on.
type Ground struct {
	Images int
	// Alone are images on nothing that others have, and Above their bytes on the average.
	Alone int
	Above int64
	Roots []Stratum
}

// Stratum is a base: as wide as the images that begin with it are many, as high as its own layers.
type Stratum struct {
	Name   string
	Images int
	Bytes  int64
	// Direct are the images with nothing else below their own layers, and Above what those layers have on the average.
	Direct int
	Above  int64
	Kids   []Stratum
}

// height is how much stands on a stratum at most, with its own bytes.
func (s *Stratum) height() int64 {
	most := int64(0)
	if s.Direct > 0 {
		most = s.Above
	}
	for i := range s.Kids {
		most = max(most, s.Kids[i].height())
	}
	return s.Bytes + most
}

// bed draws strata.
type bed struct {
	*canvas
	bottom, perImage, perByte float64
	colours                   int
}

// thin is the width below which strata are not drawn one by one, in pixels.
const thin = 2

// Strata draws what the images stand on, one on the other, from the bottom: width is images, height bytes. Grey is what single images have
// above, on the average. It is an empty picture where nothing stands on anything.
func Strata(g Ground) Picture {
	const left, top, width, tall = 70.0, 16.0, 820.0, 300.0
	if g.Images == 0 || len(g.Roots) == 0 {
		return Picture{}
	}
	most := g.Above
	for i := range g.Roots {
		most = max(most, g.Roots[i].height())
	}
	most = max(most, 1)
	b := &bed{canvas: &canvas{w: left + width + 10, h: top + tall + 44}, bottom: top + tall, perImage: width / float64(g.Images), perByte: tall / float64(most)}
	for k := range 5 {
		y := top + tall - tall*float64(k)/4
		_, _ = fmt.Fprintf(b, `<line class="ax" x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f"/>`, left-6, y, left+width, y)
		b.text(left-10, y+4, "s d", "end", units.Bytes(most*int64(k)/4))
	}
	x := b.row(g.Roots, left, 0)
	b.own(x, 0, g.Alone, g.Above, "")
	b.text(left, top+tall+18, "s d", "", fmt.Sprintf("width: %s; height: bytes of layers as their blobs; grey: what images have for themselves, on the average", units.Plural(g.Images, "image")))
	if g.Alone > 0 {
		b.text(left, top+tall+34, "s d", "", fmt.Sprintf("right: %s on nothing that another has", units.Plural(g.Alone, "image")))
	}
	return b.picture("bases", "What images stand on: layers that several share, one on the other")
}

// row draws strata beside one another from x on, on so many bytes, and returns where it ends. Those too thin to be seen are drawn as one.
func (b *bed) row(list []Stratum, x float64, on int64) float64 {
	rest, images, bytes := 0, 0, int64(0)
	for i := range list {
		s := &list[i]
		w := float64(s.Images) * b.perImage
		if w < thin {
			rest++
			images += s.Images
			bytes = max(bytes, s.height())
			continue
		}
		b.stratum(s, x, on, w)
		x += w
	}
	if rest > 0 {
		w := float64(images) * b.perImage
		b.rect(x, b.y(on+bytes), w, float64(bytes)*b.perByte, `class="cell" fill="#9a9aa2"`, fmt.Sprintf("%s under %s, at most %s", units.Plural(rest, "smaller base"), units.Plural(images, "image"), units.Bytes(bytes)))
		x += w
	}
	return x
}

func (b *bed) y(bytes int64) float64 { return b.bottom - float64(bytes)*b.perByte }

func (b *bed) stratum(s *Stratum, x float64, on int64, w float64) {
	h := float64(s.Bytes) * b.perByte
	fill := hue(b.colours)
	b.colours++
	b.rect(x, b.y(on+s.Bytes), w, math.Max(h, 0.5), fmt.Sprintf(`class="cell" fill="%s"`, fill), fmt.Sprintf("%s: %s under %s", s.Name, units.Bytes(s.Bytes), units.Plural(s.Images, "image")))
	if h > 15 && w > 40 {
		b.text(x+5, b.y(on+s.Bytes)+13, "s in", "", label(s.Name, max(3, int(w/7))))
	}
	end := b.row(s.Kids, x, on+s.Bytes)
	b.own(end, on+s.Bytes, s.Direct, s.Above, s.Name)
}

// own draws what images have for themselves.
func (b *bed) own(x float64, on int64, images int, bytes int64, name string) {
	if images == 0 {
		return
	}
	tip := fmt.Sprintf("%s, on the average %s of their own", units.Plural(images, "image"), units.Bytes(bytes))
	if name != "" {
		tip = name + ": " + tip
	}
	b.rect(x, b.y(on+bytes), float64(images)*b.perImage, float64(bytes)*b.perByte, `class="cell" fill="#c9c9d0"`, tip)
}
