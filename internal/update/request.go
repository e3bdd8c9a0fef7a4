package update

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/containerd/platforms"
	"golang.org/x/sync/errgroup"

	"tare/internal/bill"
	"tare/internal/image"
	"tare/internal/request"
	"tare/internal/source"
	"tare/internal/suggest"
	"tare/internal/target"
)

// Scratch is the word for a machine that has no image.
const Scratch = "scratch"

// storeScheme is before names that are looked for in tare's store.
const storeScheme = "store://"

// Request says which update, of which client.
type Request struct {
	From, To string
	Have     []string // images that the machine pulled before From, the oldest first
	Client   string   // "" for docker
	Platform string   // "" for this machine's
	Format   string   // text, json; "" for text
	Exact    bool     // print exact bytes
}

// Check returns an error if the request cannot be understood.
func (q *Request) Check() error {
	if err := suggest.OneOf("--client", cmp.Or(q.Client, Clients[0]), Clients); err != nil {
		return err
	}
	if err := suggest.OneOf("--format", cmp.Or(q.Format, "text"), []string{"text", "json"}); err != nil {
		return err
	}
	if q.To == Scratch {
		return request.Errorf("%s is no image that can be pulled: it stands for a machine without images, as FROM", Scratch)
	}
	for _, w := range append([]string{q.From, q.To}, q.Have...) {
		if _, err := place(w); err != nil {
			return err
		}
	}
	return nil
}

// place is where a word's documents are. Those of a daemon or an archive are not what a registry sends.
func place(word string) (source.Place, error) {
	if word == Scratch || strings.HasPrefix(word, storeScheme) && word != storeScheme {
		return source.Place{}, nil
	}
	p, err := source.Parse(word)
	switch {
	case err != nil:
		return p, request.Error{Err: err}
	case p.Scheme() == "":
		return source.InRegistry(word), nil
	}
	switch p.Scheme() {
	case "registry", "oci-dir", "dir", "containerd":
		return p, nil
	}
	return p, request.Errorf("%s: which blobs a registry has of it is not known: name the image as in its registry, or in store://, oci-dir://, dir://, containerd://", word)
}

// Of reads the documents of the images and tells what the update does. Nothing is written, and no byte of a layer is read but, for clients
// that read them, tables of contents.
func Of(ctx context.Context, f *target.Finder, q Request) (*Update, error) {
	if err := q.Check(); err != nil {
		return nil, err
	}
	want, err := target.Platform(q.Platform)
	if err != nil {
		return nil, err
	}
	words := append(append([]string{}, q.Have...), q.From, q.To)
	read, o, err := readAll(ctx, f, words, want)
	defer func() {
		for _, x := range o {
			if x != nil {
				_ = x.Close()
			}
		}
	}()
	if err != nil {
		return nil, err
	}
	name := cmp.Or(q.Client, Clients[0])
	last := len(words) - 1
	u := work(name, read)
	for i, w := range words {
		s := side(w, read[i])
		switch i {
		case last:
			u.To = s
		case last - 1:
			u.From = s
		default:
			u.Have = append(u.Have, s)
		}
	}
	if err := u.lazily(ctx, o[last], read[last]); err != nil {
		return nil, fmt.Errorf("%s: %w", q.To, err)
	}
	u.measure(f, read[last])
	return u, nil
}

// readAll reads the documents of all images at once; what was opened is returned even with an error.
func readAll(ctx context.Context, f *target.Finder, words []string, want platforms.MatchComparer) ([]*bill.Needed, []*source.Opened, error) {
	read, opened := make([]*bill.Needed, len(words)), make([]*source.Opened, len(words))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	for i, w := range words {
		if w == Scratch {
			continue
		}
		g.Go(func() (err error) {
			if opened[i], err = open(ctx, f, w); err == nil {
				read[i], err = bill.Read(ctx, opened[i], want)
			}
			if err != nil {
				return fmt.Errorf("%s: %w", w, target.Quiet(err))
			}
			return nil
		})
	}
	return read, opened, g.Wait()
}

func open(ctx context.Context, f *target.Finder, word string) (*source.Opened, error) {
	if name, ok := strings.CutPrefix(word, storeScheme); ok {
		st, err := f.Store()
		if err != nil {
			return nil, err
		}
		rec, _, err := target.Local(ctx, st, name, nil)
		if err != nil {
			return nil, err
		}
		return &source.Opened{Provider: st.Content(), Target: rec.Target, Close: func() error { return nil }}, nil
	}
	p, err := place(word)
	if err != nil {
		return nil, err
	}
	r, err := f.Registry()
	if err != nil {
		return nil, err
	}
	return p.Open(ctx, source.OpenOptions{Registry: r})
}

func side(word string, n *bill.Needed) Side {
	if n == nil {
		return Side{Name: word}
	}
	return Side{Name: word, Platform: n.Platform(), Digest: n.Target.Digest}
}

// measure fills in the sizes of tars, of layers that tare has read at some time.
func (u *Update) measure(f *target.Finder, to *bill.Needed) {
	m := image.Measurer{}
	if st, err := f.Store(); err == nil {
		m.Cache = st
	}
	m.Recall(to.Image)
	u.tars(to)
}
