package scan

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"maps"
	"slices"
	"sync"

	"github.com/containerd/platforms"
	"github.com/distribution/reference"
	"github.com/opencontainers/go-digest"

	"tare/internal/fleet"
	"tare/internal/infile"
)

// read is one source, or one line of a list, or one container of a cluster.
type read struct {
	text string
	word word
	why  string  // why it is no word
	pod  *pulled // instead of a word
}

// maxWords bounds how many images lists may name.
const maxWords = 5_000_000

// readWords reads the sources, lists and all, and notes the digests of lists in the rules.
func readWords(ctx context.Context, s Session, q *Request) ([]read, error) {
	var out []read
	q.Lists = nil
	for _, text := range q.Sources {
		w, err := parse(text, false)
		if err != nil {
			return nil, err
		}
		if w.kind != list {
			out = append(out, read{text: text, word: w})
			continue
		}
		sum, more, err := readFile(ctx, s, text)
		if err != nil {
			return nil, err
		}
		q.Lists = append(q.Lists, sum)
		if out = append(out, more...); len(out) > maxWords {
			return nil, errors.New("more images than anybody has: is that the right list?")
		}
	}
	return out, nil
}

// readFile reads a list. Its digest is that of its bytes.
func readFile(ctx context.Context, s Session, name string) (digest.Digest, []read, error) {
	in, said := s.Stdin, "standard input"
	if name != "-" {
		f, err := infile.Open(ctx, name)
		if err != nil {
			return "", nil, err
		}
		defer func() { _ = f.Close() }()
		in, said = infile.Reader(ctx, f), name
	}
	if in == nil {
		in = bytes.NewReader(nil)
	}
	sum := digest.SHA256.Digester()
	r := io.TeeReader(in, sum.Hash())
	var out []read
	err := readList(said, r, func(_ int, text string) error {
		w, err := parse(text, true)
		one := read{text: text, word: w}
		if err != nil {
			one.why = err.Error()
		}
		out = append(out, one)
		return nil
	}, func(p pulled) error {
		out = append(out, read{pod: &p})
		return nil
	})
	if err == nil {
		_, err = io.Copy(io.Discard, r) // what follows belongs to the list, too
	}
	return sum.Digest(), out, err
}

// cluster are the images that the nodes of a cluster have pulled, each looked at once.
type cluster struct {
	at map[string]map[string]string // image -> node -> architecture that its pods ask for; "" if they do not
}

// add takes a container in.
func (c *cluster) add(g *gathering, p pulled) {
	name, why := p.reference()
	if why != "" {
		if p.image != "" {
			why = p.image + ": " + why
		}
		g.fail("pod "+p.where, errors.New(why))
		return
	}
	nodes := c.at[name]
	if nodes == nil {
		nodes = map[string]string{}
		c.at[name] = nodes
	}
	if nodes[p.node] == "" {
		nodes[p.node] = p.arch
	}
	if p.node != "" && g.nodes[p.node] == nil {
		g.nodes[p.node] = map[digest.Digest]bool{}
	}
}

// look looks at the images, and says which node has which.
func (c *cluster) look(ctx context.Context, g *gathering) error {
	var mu sync.Mutex
	for _, name := range slices.Sorted(maps.Keys(c.at)) {
		named, err := reference.ParseNormalizedNamed(name)
		if err != nil {
			g.fail(name, err)
			continue
		}
		err = g.start(ctx, func() error {
			l, err := g.remote(ctx, named, name, false)
			if err != nil || l == nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			g.place(l, c.at[name])
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// place says that nodes have what a name leads to. Of an image for several platforms a node has one: the one whose architecture its pods
// ask for, else linux/amd64, else the first. The others are no part of the cluster, unless all platforms were asked for.
func (g *gathering) place(l *looked, nodes map[string]string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	used := map[*fleet.Image]bool{}
	for node, arch := range nodes {
		i := forNode(l.images, arch)
		if i == nil {
			continue
		}
		used[i] = true
		if node != "" {
			g.nodes[node][i.Digest] = true
		}
	}
	for _, i := range l.images {
		if used[i] || g.rules.Platform == fleet.AllPlatforms {
			g.addImage(i, l.name)
		}
	}
	if len(used) == 0 || g.rules.Platform == fleet.AllPlatforms {
		g.unreadable = append(g.unreadable, l.bad...)
	}
}

// forNode is the image that a node has pulled; nil if none fits.
func forNode(list []*fleet.Image, arch string) *fleet.Image {
	if len(list) == 1 {
		return list[0]
	}
	var amd64, first *fleet.Image
	for _, i := range list {
		p, err := platforms.Parse(i.Platform)
		switch {
		case err != nil || p.OS != "linux":
			continue
		case arch != "" && p.Architecture == arch:
			return i
		case p.Architecture == "amd64" && amd64 == nil:
			amd64 = i
		}
		if first == nil {
			first = i
		}
	}
	if arch != "" {
		return nil
	}
	return cmp.Or(amd64, first)
}
