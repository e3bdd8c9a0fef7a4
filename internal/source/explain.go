package source

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"

	"github.com/containerd/containerd/v2/core/remotes/docker"
	remoteerrors "github.com/containerd/containerd/v2/core/remotes/errors"
	"github.com/containerd/errdefs"
	"github.com/distribution/reference"

	"tare/internal/image"
	"tare/internal/patience"
)

// ErrSchema1 refuses the manifest format that Docker deprecated in 2017.
var ErrSchema1 = image.ErrSchema1

// explain says what a registry's answer means and what to do next. It keeps the
// error's identity for errors.Is.
func (r *Registry) explain(named reference.Named, err error) error {
	return brief(r.reworded(named, err))
}

// Explain says what a registry's answer about a repository means and what to do next.
func (r *Registry) Explain(named reference.Named, err error) error { return r.explain(named, err) }

func (r *Registry) reworded(named reference.Named, err error) error {
	host := reference.Domain(named)
	user := ""
	if u, s, cerr := r.Credentials(host); cerr == nil && (u != "" || s != "") {
		user = u
	}
	var status remoteerrors.ErrUnexpectedStatus
	var dns *net.DNSError
	var off *patience.PutOffError
	var late *stalledError
	var op *net.OpError
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, docker.ErrInvalidAuthorization), errors.As(err, &status) && (status.StatusCode == http.StatusUnauthorized || status.StatusCode == http.StatusForbidden):
		if where := r.withheldFrom(); where != nil {
			where.Err = ErrUnauthorized
			return where
		}
		if user != "" {
			return fmt.Errorf("%w: %s refused the credentials of %q, or they do not cover this repository; try: tare login %s", ErrUnauthorized, host, user, host)
		}
		return fmt.Errorf("access denied: the repository does not exist on %s or wants a login; try: tare login %s: %w", host, host, plain(err))
	case errdefs.IsNotFound(err):
		return fmt.Errorf("not found on %s: no such repository, tag or digest: %w", host, errdefs.ErrNotFound)
	case errors.As(err, &status) && status.StatusCode == http.StatusTooManyRequests:
		return fmt.Errorf("%s limits how often it is asked (429 Too Many Requests); try again later, or log in for a higher limit (tare login %s): %w", host, host, plain(err))
	case errors.As(err, &off):
		if off.Code == http.StatusTooManyRequests {
			return fmt.Errorf("%s limits how often it is asked; try again later, or log in for a higher limit (tare login %s): %w", host, host, off)
		}
		return fmt.Errorf("try again later: %w", off)
	case errors.As(err, &status) && status.StatusCode == http.StatusMethodNotAllowed && status.RequestMethod != http.MethodGet && status.RequestMethod != http.MethodHead:
		return fmt.Errorf("%s does not take this: it is read-only, or a mirror; push to another registry: %w", host, plain(err))
	case errors.As(err, &late):
		return late
	case errors.As(err, &status) && status.StatusCode >= 500:
		return fmt.Errorf("%s has a fault of its own (%s); try again later: %w", host, patience.StatusText(status.StatusCode), plain(err))
	case errors.As(err, &dns):
		return fmt.Errorf("cannot reach %s: %w; is the machine online? A mirror can be set in hosts.toml (TARE_HOSTS_DIR)", host, err)
	case errors.As(err, &op) && op.Op == "dial":
		return fmt.Errorf("cannot reach %s: %w; is the registry running, and is the port right?", host, err)
	}
	return err
}

// plain cuts the words of a registry's answer out of an error's text: they are a
// stranger's, and may be long.
func plain(err error) error {
	var status remoteerrors.ErrUnexpectedStatus
	if errors.As(err, &status) {
		status.Body = nil
		status.Status = patience.StatusText(status.StatusCode)
		status.RequestURL, _, _ = strings.Cut(status.RequestURL, "?")
		status.RequestURL = cutText(status.RequestURL)
		return status
	}
	return err
}

// maxText is how much of what strangers say an error has, in bytes: their addresses and
// headers may have a megabyte.
const maxText = 300

func cutText(s string) string {
	if len(s) > maxText {
		return strings.ToValidUTF8(s[:maxText], "") + "…"
	}
	return s
}

// brief is err with a text of a bounded length: the beginning says what was done, the
// end what went wrong.
func brief(err error) error {
	text := err.Error()
	if len(text) <= 4*maxText {
		return err
	}
	return &briefError{text: cutText(text) + " " + strings.ToValidUTF8(text[len(text)-maxText:], ""), err: err}
}

type briefError struct {
	text string
	err  error
}

// Error implements error.
func (e *briefError) Error() string { return e.text }

// Unwrap implements errors.Unwrap.
func (e *briefError) Unwrap() error { return e.err }

// withheldFrom is a token server that did not get the user's credentials; nil if all
// that were asked for some got them.
func (r *Registry) withheldFrom() (out *WithheldError) {
	r.withheld.Range(func(registry, server any) bool {
		out = &WithheldError{Registry: registry.(string), Server: server.(string)}
		return false
	})
	return out
}
