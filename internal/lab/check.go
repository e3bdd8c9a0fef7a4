package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"

	"tare/internal/experiment"
	"tare/internal/ports"
)

// maxOutput is how much of a program's output is kept, in bytes. What comes after is
// read, so that the program goes on, and dropped.
const maxOutput = 64 << 10

// defaultTimeout is that of a check which names none.
const defaultTimeout = 30 * time.Second

// bounded keeps the beginning of what is written.
type bounded struct {
	mu  sync.Mutex
	b   bytes.Buffer
	all int64
}

// Write implements io.Writer.
func (w *bounded) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all += int64(len(p))
	w.b.Write(p[:min(len(p), max(0, maxOutput-w.b.Len()))])
	return len(p), nil
}

func (w *bounded) text() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := strings.ToValidUTF8(w.b.String(), "\uFFFD")
	if w.all > maxOutput {
		s += fmt.Sprintf("\n… (%d bytes in all)", w.all)
	}
	return s
}

// started is one start of a container with its check.
type started struct {
	Ran
	ready time.Duration // until the HTTP request was answered; 0 without one
	experiment.Checked
}

// Start runs a check's command in a container, until it ends or ctx does.
type Start func(ctx context.Context, stdout, stderr io.Writer) (Ran, error)

// Judge runs a check once, with start, and judges it. The error is one of the engine's; a
// check that does not pass is none.
func Judge(ctx context.Context, c *experiment.Check, start Start) (experiment.Checked, error) {
	s, err := verify(ctx, c, start)
	return s.Checked, err
}

// verify is Judge with what it measures. A check that names no time gets the usual one.
func verify(ctx context.Context, c *experiment.Check, start Start) (started, error) {
	var s started
	timeout := time.Duration(c.Timeout)
	if timeout == 0 {
		timeout = defaultTimeout
	}
	if c.HTTP != nil {
		// The container shares this machine's ports. Whoever answers before it is started is not
		// the image's program.
		release, err := ports.Claim(ctx, c.HTTP.URL, timeout)
		if ctx.Err() != nil {
			return s, ctx.Err()
		}
		if err != nil {
			s.Reason = fmt.Sprintf("%s: %v", c.HTTP.URL, err)
			return s, nil
		}
		defer release()
	}
	inner, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	var out, errs bounded
	answered := make(chan error, 1)
	begin := time.Now()
	if c.HTTP != nil {
		go func() {
			err := probe(inner, c.HTTP)
			s.ready = time.Since(begin)
			if err == nil {
				s.Unproven, err = byWhom(inner, c.HTTP.URL)
			}
			answered <- err
			cancel() // it has answered: stop it
		}()
	}
	ran, err := start(inner, &out, &errs)
	s.Ran, s.Checked.Exit, s.Seconds, s.Output = ran, ran.Exit, time.Since(begin).Seconds(), out.text()
	if ctx.Err() != nil {
		return s, ctx.Err()
	}
	if c.HTTP != nil {
		cancel()
		herr := <-answered
		s.Passed = herr == nil
		if herr != nil {
			s.ready = 0
			s.Reason = fmt.Sprintf("%s: %v%s", c.HTTP.URL, herr, tail(errs.text()))
		}
		return s, nil
	}
	switch {
	case errors.Is(inner.Err(), context.DeadlineExceeded):
		s.Reason = fmt.Sprintf("killed after %s: it did not end", timeout)
	case err != nil:
		s.Reason = err.Error()
	case ran.Exit != c.Exit:
		s.Reason = fmt.Sprintf("exit code %d, not %d%s", ran.Exit, c.Exit, tail(errs.text()))
	case c.Stdout != nil && strings.TrimSpace(s.Output) != strings.TrimSpace(*c.Stdout):
		s.Reason = fmt.Sprintf("it printed %q, not %q", clip(strings.TrimSpace(s.Output)), clip(strings.TrimSpace(*c.Stdout)))
	case c.Match != "" && !regexp.MustCompile(c.Match).MatchString(strings.TrimSpace(s.Output)):
		s.Reason = fmt.Sprintf("what it printed (%q) does not match %s", clip(strings.TrimSpace(s.Output)), c.Match)
	default:
		s.Passed = true
	}
	return s, nil
}

// Verify runs a check of an image once. The error is one of the engine's; a check that does
// not pass is none.
func Verify(ctx context.Context, b Bench, o *Obtained, c *experiment.Check) (experiment.Checked, error) {
	return Judge(ctx, c, func(ctx context.Context, stdout, stderr io.Writer) (Ran, error) {
		return b.Run(ctx, o, c, stdout, stderr)
	})
}

// byWhom is an error if another program of this machine gave the answer: it took the port
// after the look at it, before the container did. doubt says that it cannot be told.
func byWhom(ctx context.Context, url string) (doubt string, err error) {
	switch who, by := ports.Answered(ctx, url); {
	case who == ports.Own:
		return "", nil
	case who == ports.Foreign:
		return "", fmt.Errorf("%s, which answered instead of the image's program: end it, or let the check use another port", by)
	case by != "":
		return by, nil
	}
	return "nothing listens there any more", nil
}

func clip(s string) string {
	if len(s) > 200 {
		return strings.ToValidUTF8(s[:200], "") + "…"
	}
	return s
}

// tail is the end of what a program said, for a reason.
func tail(s string) string {
	s = strings.TrimSpace(s)
	if s == "" {
		return ""
	}
	lines := strings.Split(s, "\n")
	return ": " + clip(lines[len(lines)-1])
}

// probe asks until the program answers as it should, or ctx ends.
func probe(ctx context.Context, h *experiment.HTTP) error {
	want := h.Status
	if want == 0 {
		want = http.StatusOK
	}
	last := errors.New("no answer")
	for {
		err := ask(ctx, h, want)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return last
		}
		last = err
		select {
		case <-ctx.Done():
			return last
		case <-time.After(2 * time.Millisecond):
		}
	}
}

func ask(ctx context.Context, h *experiment.HTTP, want int) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, h.URL, nil)
	if err != nil {
		return err
	}
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxOutput))
	switch {
	case err != nil:
		return err
	case resp.StatusCode != want:
		return fmt.Errorf("status %d, not %d", resp.StatusCode, want)
	case h.Match != "" && !regexp.MustCompile(h.Match).Match(body):
		return fmt.Errorf("the answer does not match %s", h.Match)
	}
	return nil
}
