package plugin

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/distribution/reference"
	"github.com/docker/cli/cli-plugins/hooks"
	"github.com/opencontainers/go-digest"

	"tare/internal/daemon"
	"tare/internal/units"
)

// Patience is how long a hook may wait for the daemon: the user waits for the prompt, and
// all of it, with the start of two processes, is to take no more than 0.1 s.
const Patience = 60 * time.Millisecond

// Cache keeps what an image weighed.
type Cache interface {
	Get(kind string, key digest.Digest, v any) bool
	Keep(kind string, key digest.Digest, v any)
}

// HookRequest is what a hook knows.
type HookRequest struct {
	Data   string   // what docker says of its command, as JSON
	Parent []string // docker's own arguments, without its name
	// Inspect asks the daemon that docker spoke to for an image. where names the daemon.
	Inspect func(ctx context.Context, name string) (i *daemon.Image, where string, err error)
	Cache   Cache
}

// seen is what is kept of an image's last build or pull.
type seen struct {
	ID      digest.Digest
	Size    int64
	DiffIDs []digest.Digest
}

const seenKind = "seen-v1"

// Hook writes one line for docker to show: what the image weighs, and what it gained since
// the time before. It writes nothing if anything fails: a user's build is no place for our
// troubles.
func Hook(ctx context.Context, w io.Writer, r HookRequest) {
	ctx, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	if text := line(ctx, r); text != "" {
		_ = json.NewEncoder(w).Encode(hooks.Response{Type: hooks.NextSteps, Template: text})
	}
}

func line(ctx context.Context, r HookRequest) string {
	var said hooks.Request
	if json.Unmarshal([]byte(r.Data), &said) != nil || said.CommandError != "" {
		return ""
	}
	name := named(r.Parent)
	n, err := reference.ParseNormalizedNamed(name)
	if err != nil {
		return "" // nothing is written of text that could be anything
	}
	i, where, err := r.Inspect(ctx, name)
	if err != nil {
		return ""
	}
	key := digest.FromString(where + "\n" + reference.TagNameOnly(n).String())
	now := seen{i.ID, i.Size, i.DiffIDs}
	short := reference.FamiliarString(n)
	text := fmt.Sprintf("%s is %s", short, units.Bytes(i.Size))
	var before seen
	if r.Cache.Get(seenKind, key, &before) {
		text += since(before, now)
	}
	if before.ID != now.ID {
		r.Cache.Keep(seenKind, key, now)
	}
	return text + ". Where it comes from: docker tare weigh " + short
}

// since says what an image gained since the time before.
func since(before, now seen) string {
	if before.ID == now.ID {
		return ", the same image as before"
	}
	have := map[digest.Digest]bool{}
	for _, d := range before.DiffIDs {
		have[d] = true
	}
	others := 0
	for _, d := range now.DiffIDs {
		if !have[d] {
			others++
		}
	}
	layers := fmt.Sprintf("%d of its %d layers are new", others, len(now.DiffIDs))
	if others == 1 {
		layers = strings.Replace(layers, "layers are", "layers is", 1)
	}
	switch d := now.Size - before.Size; {
	case d > 0:
		return fmt.Sprintf(", %s more than before (%s)", units.Bytes(d), layers)
	case d < 0:
		return fmt.Sprintf(", %s less than before (%s)", units.Bytes(-d), layers)
	}
	return fmt.Sprintf(", as before (%s)", layers)
}
