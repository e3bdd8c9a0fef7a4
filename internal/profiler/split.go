package profiler

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"tare/internal/bench"
	"tare/internal/dockerfile"
	"tare/internal/engine"
	"tare/internal/profile"
	"tare/internal/shell"
)

// stateDir is where the parts of a line hand the state of their shell on: a mount on what
// is no part of an image.
const stateDir = "/dev/.tare-split"

// splits builds the commands of RUN lines one by one, each line in a copy of the Dockerfile
// that ends with it.
func (p *profiler) splits(ctx context.Context, r *profile.Result) error {
	need := p.f.Needed(p.Build.Target)
	for n, st := range p.f.Stages {
		if t := triggered(p.ops, st.From[0]); t != nil && need[n] {
			r.Splits = append(r.Splits, *t)
		}
		for _, in := range st.Instructions {
			if in.Keyword != "RUN" || !need[n] {
				continue
			}
			s, err := p.split(ctx, in)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			var no refusal
			switch {
			case errors.As(err, &no):
				s = &profile.Split{Commands: []profile.SplitCommand{}, Skipped: string(no)}
			case err != nil:
				return fmt.Errorf("--split, line %d: %w", in.Lines[0], err)
			}
			if s != nil {
				s.Line = in.Lines[0]
				r.Splits = append(r.Splits, *s)
			}
		}
	}
	if len(r.Splits) == 0 {
		r.Notes = append(r.Notes, "--split: no RUN has several commands that could be built one by one")
	}
	return nil
}

// refusal says why a line is not split.
type refusal string

// Error implements error.
func (r refusal) Error() string { return string(r) }

// unreadable says that a line cannot be read as a shell's.
type unreadable struct{ error }

// split builds a RUN command by command; nil for one of a single command. An error is a
// refusal if it is the line's.
func (p *profiler) split(ctx context.Context, in dockerfile.Instruction) (*profile.Split, error) {
	line, err := several(in)
	if line == nil && err == nil {
		return nil, nil
	}
	var text unreadable
	if err != nil && !errors.As(err, &text) {
		return nil, err
	}
	x := splitter{p: p, in: in, line: line}
	if err := x.wholeLine(ctx); err != nil {
		return nil, err
	}
	if err != nil { // the text is none of a shell's, and its SHELL is one
		return nil, refusal(err.Error())
	}
	if len(x.line.Steps(stateDir)) < 2 {
		return nil, nil
	}
	steps := x.line.Steps(stateDir)
	var scripts []string
	for _, s := range steps {
		scripts = append(scripts, s.Script)
	}
	parts, err := x.build(ctx, scripts)
	if err != nil {
		return nil, err
	}
	varying, err := x.same(ctx, parts)
	if err != nil {
		return nil, err
	}
	return x.result(steps, parts, varying), nil
}

// several is the line of a RUN that has several commands; nil for another.
func several(in dockerfile.Instruction) (*shell.Line, error) {
	if in.Script == "" { // the exec form: one program
		return nil, nil
	}
	if strings.HasPrefix(in.Script, "#!") {
		return nil, refusal("its here-document is a program of its own (#!)")
	}
	line, err := shell.Split(in.Script, false)
	if err != nil {
		return nil, unreadable{err}
	}
	if len(line.Steps(stateDir)) < 2 {
		if why := line.Parts[len(line.Parts)-1].Whole; why != "" {
			return nil, refusal(why)
		}
		return nil, nil
	}
	for _, f := range in.Flags {
		if why := ownMount(f); why != "" {
			return nil, refusal(why)
		}
	}
	return line, nil
}

// ownMount says why the commands of a RUN with a mount cannot be built one by one: what one
// writes there, the next would not see.
func ownMount(flag string) string {
	opts, ok := strings.CutPrefix(flag, "--mount=")
	if !ok {
		return ""
	}
	kind, writable := "bind", false
	for _, o := range strings.Split(opts, ",") {
		k, v, _ := strings.Cut(strings.ToLower(strings.TrimSpace(o)), "=")
		switch {
		case k == "type":
			kind = v
		case k == "rw" || k == "readwrite":
			writable = v != "false"
		case k == "ro" || k == "readonly":
			writable = v == "false"
		}
	}
	switch {
	case kind == "tmpfs":
		return "it has a tmpfs mount, whose files end with each command that is built by itself"
	case kind == "bind" && writable:
		return "it has a writable bind mount, whose changes end with each command that is built by itself"
	}
	return ""
}

// splitter splits one RUN.
type splitter struct {
	p    *profiler
	in   dockerfile.Instruction
	line *shell.Line
	src  string // of the Dockerfile up to the line
	text string // of the RUN

	whole weighedBuild // the image that ends with the line
}

// weighedBuild is an image that was built, and what is in it.
type weighedBuild struct {
	*profile.Weighed
	built *engine.Built
}

// wholeLine builds the Dockerfile up to the line, which the build cache has, and reads the
// line in the language of the shell that carries it out.
func (x *splitter) wholeLine(ctx context.Context) error {
	lines := strings.SplitAfter(string(x.p.src), "\n")
	x.src = strings.Join(lines[:x.in.Lines[0]-1], "")
	x.text = strings.Join(lines[x.in.Lines[0]-1:x.in.Lines[1]], "")
	out, err := x.p.buildCopy(ctx, []byte(x.src+x.text))
	if err != nil {
		return refusal("the Dockerfile up to this line cannot be built: " + FirstLine(err.Error()))
	}
	if x.whole, err = x.weighed(ctx, out); err != nil {
		return err
	}
	words := x.whole.Facts.Image.Config.Config.Shell
	bash, ok := shell.Language(words)
	if !ok {
		return refusal(fmt.Sprintf("its SHELL is %s: only sh and bash are taken apart", strings.Join(words, " ")))
	}
	if bash {
		if x.line, err = shell.Split(x.in.Script, true); err != nil {
			return refusal(err.Error())
		}
	}
	return nil
}

func (x *splitter) weighed(ctx context.Context, out bench.Built) (weighedBuild, error) {
	w, err := x.p.weighed(ctx, out.Built)
	return weighedBuild{w, out.Built}, err
}

// build builds scripts as RUN lines in the place of the line. All are carried out once more
// if what a part left for the next is gone from the build cache, or if it has parts and
// nobody knows how long they took.
func (x *splitter) build(ctx context.Context, scripts []string) (weighedBuild, error) {
	nonce := ""
	for {
		src, err := x.copied(scripts, nonce)
		if err != nil {
			return weighedBuild{}, err
		}
		out, err := x.p.buildCopy(ctx, src)
		if err == nil && nonce == "" && len(scripts) > 1 && x.untimed(out, len(scripts)) {
			nonce = newNonce()
			continue
		}
		if err == nil {
			return x.weighed(ctx, out)
		}
		if ctx.Err() != nil {
			return weighedBuild{}, ctx.Err()
		}
		if out.Built == nil {
			return weighedBuild{}, refusal("its commands cannot be built one by one: " + FirstLine(err.Error()))
		}
		n, why := failedPart(out.Steps, len(scripts))
		if strings.HasSuffix(why, fmt.Sprintf("exit code: %d", shell.Gone)) && nonce == "" {
			nonce = newNonce()
			continue
		}
		if strings.HasSuffix(why, fmt.Sprintf("exit code: %d", shell.Nowhere)) {
			why = "the directory that it begins in is not there any more"
		}
		if n < 0 {
			return weighedBuild{}, refusal("its commands cannot be built one by one: " + FirstLine(err.Error()))
		}
		return weighedBuild{}, refusal(fmt.Sprintf("its part %d of %d fails when it is built by itself: %s", n+1, len(scripts), FirstLine(why)))
	}
}

func newNonce() string { return strconv.FormatInt(time.Now().UnixNano(), 36) }

// untimed tells whether a part came from the build cache, and how long it took is unknown.
func (x *splitter) untimed(out bench.Built, n int) bool {
	cold := x.p.b.Book().Cold(out.Built)
	for k := range n {
		if s := stepOf(out.Steps, k); s != nil && s.Cached {
			if _, ok := cold[keyOf(out.Ops, s.Digest)]; !ok {
				return true
			}
		}
	}
	return false
}

// copied is the Dockerfile with scripts in the place of the line. They hand their state on
// in a cache mount that only equal parts on equal ground share.
func (x *splitter) copied(scripts []string, nonce string) ([]byte, error) {
	var flags strings.Builder
	for _, f := range x.in.Flags {
		if strings.ContainsAny(f, "'\"\\`") {
			return nil, refusal("its flags have quotes within quotes")
		}
		if strings.ContainsAny(f, " \t") {
			f = "--'" + strings.TrimPrefix(f, "--") + "'"
		}
		flags.WriteString(f + " ")
	}
	ground, err := json.Marshal([]any{x.below(), x.whole.Facts.Image.Config.Config.Env, x.p.Build.Args, x.in.Flags, scripts, nonce})
	if err != nil {
		return nil, err
	}
	id, state := sha256.Sum256(ground), ""
	if !x.line.Plain() && len(scripts) > 1 {
		state = fmt.Sprintf("--mount=type=cache,id=tare-split-%s,target=%s,mode=0777,sharing=locked ", hex.EncodeToString(id[:8]), stateDir)
	}
	var b strings.Builder
	b.WriteString(x.src)
	for n, s := range scripts {
		mark := marker(n)
		if strings.Contains(s, mark) {
			return nil, refusal("its text has a word that tare itself needs: " + mark)
		}
		if nonce != "" {
			s = "# " + nonce + "\n" + s
		}
		fmt.Fprintf(&b, "RUN %s%s<<'%s'\n%s\n%s\n", flags.String(), state, mark, strings.TrimSuffix(s, "\n"), mark)
	}
	return []byte(b.String()), nil
}

// marker is a word by which the step of a part is known.
func marker(n int) string { return fmt.Sprintf("TARE_PART_%d_", n+1) }

// stepOf is the step of a part; nil if there is none.
func stepOf(steps []engine.Step, n int) *engine.Step {
	i := slices.IndexFunc(steps, func(s engine.Step) bool { return strings.Contains(s.Name, marker(n)) })
	if i < 0 {
		return nil
	}
	return &steps[i]
}

// keyOf is the key of the operation that a step carried out; "" if it is not known.
func keyOf(ops []engine.Op, step string) string {
	i := slices.IndexFunc(ops, func(o engine.Op) bool { return o.Digest == step })
	if i < 0 {
		return ""
	}
	return ops[i].Key
}

// failedPart is the part that failed, and why; -1 if none did.
func failedPart(steps []engine.Step, n int) (int, string) {
	for k := range n {
		if s := stepOf(steps, k); s != nil && s.Error != "" && !strings.Contains(s.Error, "context canceled") {
			return k, s.Error
		}
	}
	return -1, ""
}

// below are the layers that the line stands on.
func (x *splitter) below() []string {
	var out []string
	for _, l := range x.whole.Facts.Image.Layers[:len(x.whole.Facts.Image.Layers)-1] {
		out = append(out, l.DiffID.String())
	}
	return out
}

// result sums up what was built.
func (x *splitter) result(steps []shell.Step, parts weighedBuild, varying []string) *profile.Split {
	whole, layers := layerBytes(x.whole.Weighed), layerBytes(parts.Weighed)
	first := len(layers) - len(steps)
	s := &profile.Split{Bytes: whole[len(whole)-1], Varying: varying, Commands: []profile.SplitCommand{}}
	book := x.p.b.Book()
	cold := book.Cold(parts.built)
	book.NoteSteps(parts.built)
	for n, st := range steps {
		command := st.Last // of its parts the one that is no state
		for command > st.First && x.line.Parts[command].State {
			command--
		}
		for k := st.First; k <= st.Last; k++ {
			part := x.line.Parts[k]
			c := profile.SplitCommand{Text: oneLine(part.Text), Whole: part.Whole, State: k != command}
			if k == command {
				c.Bytes = layers[first+n]
				if step := stepOf(parts.built.Steps, n); step != nil {
					c.Seconds = step.Busy
					if t, ok := cold[keyOf(parts.built.Ops, step.Digest)]; ok && step.Cached {
						c.Seconds = t
					}
				}
			}
			s.Commands = append(s.Commands, c)
		}
	}
	s.Removed = removed(parts.Facts, first)
	s.Sum()
	return s
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// buildCopy builds a Dockerfile in the place of the profiled one, to its last stage.
func (p *profiler) buildCopy(ctx context.Context, src []byte) (bench.Built, error) {
	file, done, err := p.beside(src)
	if err != nil {
		return bench.Built{}, err
	}
	defer done()
	r := p.again()
	r.Dockerfile, r.Target = file, ""
	return p.b.Build(ctx, p.file, r, io.Discard)
}
