package source

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	remoteerrors "github.com/containerd/containerd/v2/core/remotes/errors"

	"tare/internal/patience"
)

// maxCuts is how often a download goes on after its connection broke.
const maxCuts = 5

// goodRun is how many bytes a connection must have brought before it broke to count as
// none of the maxCuts.
const goodRun = 4 << 20

// resume decides for one download whether it goes on after an error. containerd's reader
// goes on by itself after a clean end of the stream, but not after a reset.
type resume struct {
	cuts int
	// restart: the registry cannot send the rest of a blob, which has to come from its
	// beginning.
	restart bool
}

// after waits and returns nil if the download shall be tried again; else it returns why
// not. got is how many bytes came since the last time.
func (r *resume) after(ctx context.Context, err error, got int64) error {
	if got >= goodRun {
		r.cuts = 0
	}
	r.cuts++
	refused := unresumable(err)
	r.restart = r.restart || refused
	if r.cuts > maxCuts || !cut(err) && !refused || ctx.Err() != nil {
		return err
	}
	return patience.Sleep(ctx, time.Duration(r.cuts)*200*time.Millisecond)
}

// cut tells whether err is a connection that broke while it was read.
func cut(err error) bool {
	var op *net.OpError
	var late *stalledError
	return errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &late) && late.again || errors.As(err, &op) && op.Op == "read"
}

// unresumable tells whether err is a registry that cannot send the rest of a blob.
func unresumable(err error) bool {
	var status remoteerrors.ErrUnexpectedStatus
	return errors.As(err, &status) && status.StatusCode == http.StatusRequestedRangeNotSatisfiable
}
