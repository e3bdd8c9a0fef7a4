package repository

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/containerd/containerd/v2/core/remotes/docker"
	"github.com/distribution/reference"
)

// Bounds of what a registry may list.
const (
	maxList  = 16 << 20 // bytes of a page
	maxPages = 100_000
	perPage  = 1000 // names that are asked for at a time
	// everything is asked for of registries that have no pages.
	everything = 1_000_000
)

// ErrNoTags says that a registry has no list of tags.
var ErrNoTags = errors.New("the registry does not list tags: it has no answer to GET /v2/NAME/tags/list")

// NoCatalogueError is a registry that does not list its repositories.
type NoCatalogueError struct {
	Registry string
	Denied   bool // it might, to others
	Err      error
}

// Error implements error.
func (e *NoCatalogueError) Error() string {
	if e.Denied {
		return fmt.Sprintf("%s does not list its repositories to you: log in as somebody who may (tare login %s), name repositories (%s/NAME), or give a list of images", e.Registry, e.Registry, e.Registry)
	}
	return fmt.Sprintf("%s has no catalogue, GET /v2/_catalog: name repositories (%s/NAME), or give a list of images", e.Registry, e.Registry)
}

// Unwrap implements errors.Unwrap.
func (e *NoCatalogueError) Unwrap() error { return e.Err }

// Tags calls do for the tags of the repository as they come, page by page, in the registry's order. An error of do ends the list, and is
// returned.
func (r *Repository) Tags(ctx context.Context, do func(tag string) error) error {
	ctx = r.scope(ctx)
	err := r.host.list(ctx, reference.Path(r.named)+"/tags/list", func(b []byte) ([]string, error) {
		var page struct {
			Tags []string `json:"tags"`
		}
		err := json.Unmarshal(b, &page)
		return page.Tags, err
	}, do)
	var own *doError
	if errors.As(err, &own) {
		return own.err
	}
	if err != nil {
		return fmt.Errorf("list the tags of %s: %w", r.named.Name(), r.noList(err))
	}
	return nil
}

// Catalogue calls do for the names of the registry's repositories as they come, without the registry's. An error of do ends the list,
// and is returned; *NoCatalogueError says that the registry has none.
func (h *Host) Catalogue(ctx context.Context, do func(name string) error) error {
	ctx = docker.WithScope(ctx, "registry:catalog:*")
	first := true
	err := h.list(ctx, "_catalog", func(b []byte) ([]string, error) {
		first = false
		var page struct {
			Repositories []string `json:"repositories"`
		}
		err := json.Unmarshal(b, &page)
		return page.Repositories, err
	}, do)
	var own *doError
	var syntax *json.SyntaxError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &own):
		return own.err
	case Denied(err):
		return &NoCatalogueError{Registry: h.domain, Denied: true, Err: err}
	case errors.As(err, &syntax), first && noAnswer(status(err)):
		return &NoCatalogueError{Registry: h.domain, Err: err}
	}
	named, nerr := reference.ParseNormalizedNamed(h.domain + "/x")
	if nerr == nil {
		err = h.registry.Explain(named, err)
	}
	return fmt.Errorf("list the repositories of %s: %w", h.domain, err)
}

// noAnswer are the answers of servers that do not know what they were asked.
func noAnswer(status int) bool {
	switch status {
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented, http.StatusBadRequest, http.StatusGone:
		return true
	}
	return false
}

// doError is an error of whoever gets a list.
type doError struct{ err error }

func (e *doError) Error() string { return e.err.Error() }

// list reads the pages of a list at path and hands out what is in them. Some registries cut a list and do not say so: a full page is asked for what
// comes after its last name, and of a registry that does not know that, for everything at once.
func (h *Host) list(ctx context.Context, path string, read func([]byte) ([]string, error), do func(string) error) error {
	first := path + "?n=" + strconv.Itoa(perPage)
	asked := map[string]bool{}
	var before []string // the page before, where the next one is a guess
	have := map[string]bool{}
	for next, guess := first, false; next != ""; {
		if asked[next] || len(asked) == maxPages {
			return fmt.Errorf("the registry names the page %.200q twice, or more than %d pages", next, maxPages)
		}
		asked[next] = true
		page, link, err := h.page(ctx, next, read)
		if err != nil {
			return err
		}
		if guess && len(page) == 0 {
			return nil
		}
		if guess && !(slices.IsSorted(page) && page[0] > before[len(before)-1]) {
			if len(asked) > 2 {
				return nil // the registry has listed all, and begins anew
			}
			for _, name := range before {
				have[name] = true
			}
			next, guess = path+"?n="+strconv.Itoa(everything), false
			continue
		}
		for _, name := range page {
			if have[name] {
				continue
			}
			if err := do(name); err != nil {
				return &doError{err}
			}
		}
		if next, guess = NextPage(link, path), false; next != "" {
			next = path + next
		}
		if next == "" && len(page) >= perPage && len(have) == 0 {
			before = page
			next, guess = first+"&last="+url.QueryEscape(page[len(page)-1]), true
		}
	}
	return nil
}

// page reads one page of a list, and what it says of the next.
func (h *Host) page(ctx context.Context, path string, read func([]byte) ([]string, error)) (names []string, link string, err error) {
	resp, err := h.get(ctx, path, accepting("application/json"))
	if err != nil {
		return nil, "", err
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxList+1))
	_ = resp.Body.Close()
	if err != nil {
		return nil, "", err
	}
	if len(b) > maxList {
		return nil, "", fmt.Errorf("a page of more than %d bytes", maxList)
	}
	if names, err = read(b); err != nil {
		return nil, "", fmt.Errorf("the registry's list is no JSON: %w", err)
	}
	return names, resp.Header.Get("Link"), nil
}

// noList tells a registry without a list of tags from a repository that is not there.
func (r *Repository) noList(err error) error {
	switch s := status(err); {
	case s == http.StatusNotFound:
		if !bytes.Contains(answer(err), []byte("NAME_UNKNOWN")) {
			return fmt.Errorf("%w, or no such repository", ErrNoTags)
		}
	case noAnswer(s):
		return ErrNoTags
	}
	return r.Explain(err)
}

// NextPage is the query, with its question mark, of the next page of a list that a Link header names; "" if there is none. path is the
// list's, below /v2/. Only the query counts: no registry sends a list on to another place.
func NextPage(link, path string) string {
	for one := range strings.SplitSeq(link, ",") {
		target, params, _ := strings.Cut(strings.TrimSpace(one), ">")
		if !strings.HasPrefix(target, "<") || !strings.Contains(strings.ReplaceAll(params, `"`, ""), "rel=next") {
			continue
		}
		u, err := url.Parse(target[1:])
		if err != nil || !strings.HasSuffix(u.Path, "/"+path) && u.Path != "" || u.RawQuery == "" {
			return ""
		}
		return "?" + u.RawQuery
	}
	return ""
}
