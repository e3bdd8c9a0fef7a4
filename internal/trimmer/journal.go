package trimmer

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"tare/internal/trim"
)

// Journal remembers verdicts, so that an interrupted run goes on where it was.
type Journal interface {
	Get(key string) ([]byte, bool)
	Put(key string, body []byte) error
}

// key names a verdict: what was built, from what, and which checks it had to pass.
func (t *trimmer) key(c *candidate, e edits) string {
	h := sha256.New()
	_, _ = fmt.Fprintln(h, trim.Schema, t.original.image.ConfigID.Digest, c.Verdict.Rule, c.Verdict.Kind, t.Drop, t.trace != nil)
	_, _ = fmt.Fprintf(h, "%q %q\n", t.src, t.out.Checks)
	for _, d := range e.docker {
		_, _ = fmt.Fprintf(h, "%d %d %q\n", d.From, d.To, d.Text)
	}
	var names []string
	for n := range e.write {
		names = append(names, n)
	}
	slices.Sort(names)
	for _, n := range names {
		_, _ = fmt.Fprintf(h, "%q %q\n", n, e.write[n])
	}
	for k, v := range t.Build.Args {
		names = append(names, k+"="+v)
	}
	slices.Sort(names)
	_, _ = fmt.Fprintln(h, strings.Join(names, "\x00"))
	return hex.EncodeToString(h.Sum(nil))
}

// recall fills in the verdict of an interrupted run.
func (t *trimmer) recall(c *candidate, e edits) bool {
	if !t.Resume || t.Verdicts == nil {
		return false
	}
	body, ok := t.Verdicts.Get(t.key(c, e))
	var v trim.Verdict
	if !ok || json.Unmarshal(body, &v) != nil || v.Rule != c.Verdict.Rule || v.Line != c.Verdict.Line {
		return false
	}
	c.Verdict = v
	return true
}

// remember keeps a verdict; to lose one costs a build.
func (t *trimmer) remember(c *candidate, e edits) {
	if t.Verdicts == nil {
		return
	}
	if body, err := json.Marshal(c.Verdict); err == nil {
		_ = t.Verdicts.Put(t.key(c, e), body)
	}
}
