package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"tare/internal/layer"
	"tare/internal/screen"
	"tare/internal/weigh"
)

// Image is an image whose files are served.
type Image struct {
	Name  string
	Facts *weigh.Facts
}

// Source reads the contents of files.
type Source interface {
	// ReadEntries reads files of a layer of an image in one pass: entries are Files by
	// their offsets, do gets each by its place in them.
	ReadEntries(ctx context.Context, image, layer int, entries []*layer.Entry, do func(n int, r io.Reader) error) error
}

// Config is what is served.
type Config struct {
	Images []Image
	Source Source
	// Page writes the page. Its scripts and styles have the nonce.
	Page func(w io.Writer, nonce string) error
}

// handler answers requests that the guard let in.
type handler struct {
	Config
	views *views
	reads chan struct{} // a place for each layer that is read
}

// maxReads is how many layers are read at once.
const maxReads = 4

func newHandler(l *Listener, c Config) http.Handler {
	return newGuard(l, &handler{Config: c, views: newViews(c.Images), reads: make(chan struct{}, maxReads)})
}

// problem is an error that the page shows.
type problem struct {
	status int
	text   string
}

func (p *problem) Error() string { return p.text }

func bad(format string, a ...any) error {
	return &problem{http.StatusBadRequest, fmt.Sprintf(format, a...)}
}

// ServeHTTP implements http.Handler.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answers := map[string]func(*http.Request, url.Values) (any, error){
		"api/images": h.images, "api/files": h.files, "api/search": h.search, "api/text": h.text,
	}
	var err error
	q, bad := url.ParseQuery(r.URL.RawQuery)
	answer := answers[r.URL.Path]
	switch {
	case r.URL.Path == "":
		err = h.page(w)
	case bad != nil:
		err = &problem{http.StatusBadRequest, "the query cannot be read"}
	case answer != nil:
		var v any
		if v, err = answer(r, q); err == nil {
			reply(w, http.StatusOK, v)
		}
	case r.URL.Path == "api/file":
		err = h.file(w, r, q)
	default:
		plain(w, http.StatusNotFound)
	}
	if err == nil || r.Context().Err() != nil {
		return
	}
	var p *problem
	if !errors.As(err, &p) {
		p = &problem{http.StatusInternalServerError, err.Error()}
	}
	reply(w, p.status, map[string]string{"error": screen.Safe(screen.Short(p.text))})
}

// page writes the page, or nothing of it.
func (h *handler) page(w http.ResponseWriter) error {
	var b bytes.Buffer
	nonce := newNonce()
	if err := h.Page(&b, nonce); err != nil {
		return err
	}
	w.Header().Set("Content-Security-Policy", policy(nonce))
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(b.Len()))
	_, _ = w.Write(b.Bytes())
	return nil
}

func reply(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		status, b = http.StatusInternalServerError, []byte(`{"error":"the answer cannot be written"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	w.WriteHeader(status)
	_, _ = w.Write(b)
}

// number is a number of a query from least to most; or otherwise if it is not there.
func number(q url.Values, name string, least, most, otherwise int) (int, error) {
	s := q.Get(name)
	if s == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < least || n > most {
		return 0, bad("%s: want a number from %d to %d", name, least, most)
	}
	return n, nil
}
