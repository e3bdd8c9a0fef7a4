package web

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"sync"

	"tare/internal/outline"
)

// How much of what was worked out is kept for the next request.
const (
	maxTables = 4
	maxSums   = 4
	// maxWork is how many views are worked out at once; each takes all processors.
	maxWork = 1
	// maxQuery bounds the text of a filter, in bytes.
	maxQuery = 1000
)

// pair is what is looked at: an image, or two (with >= 0).
type pair struct{ image, with int }

// looked is what a request looks at: a view of a table.
type looked struct {
	pair
	view  outline.View
	order outline.Order
	key   string // of the view
	mode  outline.Mode
	text  string
}

// views keeps the tables and sums that were used last.
type views struct {
	images []Image
	mu     sync.Mutex
	tables []*keptTable // the last used last
	sums   []keptSums
	work   chan struct{}
}

type keptTable struct {
	of    pair
	once  sync.Once
	table *outline.Table
}

type keptSums struct {
	key  string
	sums *outline.Sums
}

func newViews(images []Image) *views {
	return &views{images: images, work: make(chan struct{}, maxWork)}
}

// looked reads what a request looks at.
func (v *views) looked(q url.Values) (l looked, err error) {
	n := len(v.images) - 1
	if l.image, err = number(q, "image", 0, n, 0); err != nil {
		return l, err
	}
	if l.with, err = number(q, "with", 0, n, -1); err != nil {
		return l, err
	}
	if l.with == l.image {
		return l, bad("with: want another image")
	}
	last := len(v.images[l.image].Facts.Tree.Lists) - 1
	if l.with >= 0 {
		last = max(last, 0)
	}
	if l.view.From, err = number(q, "from", 0, max(last, 0), 0); err != nil {
		return l, err
	}
	if l.view.To, err = number(q, "to", l.view.From, max(last, 0), last); err != nil {
		return l, err
	}
	l.view.Hide[outline.Unchanged] = q.Get("unchanged") == ""
	if o := q.Get("order"); o != "" {
		at := slices.Index(orders, o)
		if at < 0 {
			return l, bad("order: want %s", strings.Join(orders, ", "))
		}
		l.order = outline.Order(at)
	}
	l.text = q.Get("q")
	if len(l.text) > maxQuery {
		return l, bad("the filter has more than %d bytes", maxQuery)
	}
	for l.mode = outline.Substring; q.Get("mode") != "" && l.mode.String() != q.Get("mode"); l.mode = l.mode.Next() {
		if l.mode.Next() == outline.Substring {
			return l, bad("mode: want text, glob or regex")
		}
	}
	if l.view.Filter, err = outline.NewFilter(l.mode, l.text); err != nil {
		return l, bad("%s", err)
	}
	l.key = strings.Join([]string{q.Get("image"), q.Get("with"), q.Get("from"), q.Get("to"), q.Get("unchanged"), l.mode.String(), l.text}, "\x00")
	return l, nil
}

// orders are the names of outline's orders.
var orders = []string{outline.BySize: "size", outline.ByTransfer: "transfer", outline.ByHidden: "hidden", outline.ByName: "name", outline.ByCount: "files"}

// table is the table of what is looked at.
func (v *views) table(of pair) *outline.Table {
	v.mu.Lock()
	at := slices.IndexFunc(v.tables, func(k *keptTable) bool { return k.of == of })
	k := &keptTable{of: of}
	if at >= 0 {
		k = v.tables[at]
		v.tables = slices.Delete(v.tables, at, at+1)
	} else if len(v.tables) == maxTables {
		v.tables = slices.Delete(v.tables, 0, 1)
	}
	v.tables = append(v.tables, k)
	v.mu.Unlock()
	k.once.Do(func() {
		if of.with < 0 {
			k.table = outline.New(v.images[of.image].Facts)
		} else {
			k.table = outline.New(v.images[of.image].Facts, v.images[of.with].Facts)
		}
	})
	return k.table
}

// kept are the sums of a view that was looked at a short while ago; nil if there are none.
func (v *views) kept(key string) *outline.Sums {
	v.mu.Lock()
	defer v.mu.Unlock()
	at := slices.IndexFunc(v.sums, func(k keptSums) bool { return k.key == key })
	if at < 0 {
		return nil
	}
	k := v.sums[at]
	v.sums = append(slices.Delete(v.sums, at, at+1), k)
	return k.sums
}

// sum works out a view, unless it is known. Nobody changes what it returns.
func (v *views) sum(ctx context.Context, l looked) (*outline.Table, *outline.Sums, error) {
	t := v.table(l.pair)
	if s := v.kept(l.key); s != nil {
		return t, s, nil
	}
	select {
	case v.work <- struct{}{}:
		defer func() { <-v.work }()
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
	if s := v.kept(l.key); s != nil {
		return t, s, nil
	}
	s := t.Sum(l.view, nil, func() bool { return ctx.Err() != nil })
	if s == nil {
		return nil, nil, ctx.Err()
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.sums) == maxSums {
		v.sums = slices.Delete(v.sums, 0, 1)
	}
	v.sums = append(v.sums, keptSums{l.key, s})
	return t, s, nil
}
