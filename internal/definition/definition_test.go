package definition_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/solver/pb"
	"google.golang.org/protobuf/proto"

	"tare/internal/definition"
	"tare/internal/engine"
	"tare/internal/testkit/frontend"
)

const file = `FROM a AS one
WORKDIR /
WORKDIR /app
ENV A=b
RUN --mount=type=cache,target=/c --mount=type=bind,source=f,target=/f make
COPY --chown=1:2 --chmod=640 x* /
FROM a
COPY --link --from=one /app /app
ADD http://h/y /y
COPY <<E /doc
text
E
`

// Each operation has its lines, its kind, and what its result depends on.
func TestRead(t *testing.T) {
	d := frontend.Definition(t, file, frontend.Build{})
	at := map[int][]engine.Op{}
	for _, o := range d.Ops {
		for _, l := range o.Lines {
			at[l[0]] = append(at[l[0]], o)
		}
	}
	if string(d.Dockerfile) != file {
		t.Errorf("the text is %q", d.Dockerfile)
	}
	// FROM a of both stages is one operation; WORKDIR / is none; COPY --link is two.
	for line, want := range map[int]string{1: "image", 2: "", 3: "file", 5: "exec", 6: "file", 7: "image", 8: "file merge", 9: "file", 10: "file"} {
		var kinds []string
		for _, o := range at[line] {
			kinds = append(kinds, o.Kind)
		}
		slices.Sort(kinds)
		if got := strings.Join(kinds, " "); got != want {
			t.Errorf("line %d: %s, want %s", line, got, want)
		}
	}
	if t.Failed() {
		return
	}
	if at[1][0].Digest != at[7][0].Digest {
		t.Error("one base is two operations")
	}
	facts := fmt.Sprint(at[5][0].Facts, at[6][0].Facts)
	for _, want := range []string{"{command  /bin/sh -c make}", "{env A b}", "{directory  /app}", "{mount /c cache}", "{mount /f bind, read-only, source=/f}", "{copy / /x* --chmod=640 --chown=1:2}"} {
		if !strings.Contains(facts, want) {
			t.Errorf("no fact %s in %s", want, facts)
		}
	}
	if len(at[6][0].Takes) != 1 || at[6][0].Takes[0].Source != "/x*" || !at[6][0].Takes[0].Wildcard || len(at[5][0].Takes) != 1 {
		t.Errorf("%+v %+v", at[6][0].Takes, at[5][0].Takes)
	}
}

// Keys are of what counts: not of sessions, lines, names and proxies.
func TestKeys(t *testing.T) {
	key := func(src string, b frontend.Build) string {
		d := frontend.Definition(t, src, b)
		return d.Ops[len(d.Ops)-1].Key
	}
	base := "FROM a\nCOPY f /\nRUN make\n"
	was := key(base, frontend.Build{})
	for name, src := range map[string]string{"a label": "FROM a\nLABEL x=y\nCOPY f /\nRUN make\n", "a comment": "# c\n" + base, "another name of the stage": "FROM a AS x\nCOPY f /\nRUN make\n"} {
		if key(src, frontend.Build{}) != was {
			t.Errorf("%s is another key", name)
		}
	}
	if key(base, frontend.Build{Args: map[string]string{"http_proxy": "http://p"}}) != was {
		t.Error("a proxy is another key")
	}
	for name, src := range map[string]string{"a command": "FROM a\nCOPY f /\nRUN make all\n", "a variable": "FROM a\nENV A=b\nCOPY f /\nRUN make\n", "a file": "FROM a\nCOPY g /\nRUN make\n", "a base": "FROM b\nCOPY f /\nRUN make\n"} {
		if key(src, frontend.Build{}) == was {
			t.Errorf("%s is the same key", name)
		}
	}
	// A base's digest is made of its name and its text: those of "a" and "ab" are one.
	one := frontend.Build{Bases: map[string]string{"a": "bx", "ab": "x"}}
	if key("FROM ab\nCOPY f /\nRUN make\n", one) != key(base, one) {
		t.Error("another name of one base is another key")
	}
	if key(base, frontend.Build{Bases: map[string]string{"a": "new"}}) == was {
		t.Error("another digest of the base is the same key")
	}
}

// Definitions come from builders elsewhere: whatever their bytes are, there is an error
// or operations that stand in order.
func FuzzRead(f *testing.F) {
	for _, o := range []*pb.Op{
		{Op: &pb.Op_Source{Source: &pb.SourceOp{Identifier: "docker-image://a@b", Attrs: map[string]string{"x": "y"}}}},
		{Inputs: []*pb.Input{{Digest: "sha256:x"}}, Op: &pb.Op_Exec{Exec: &pb.ExecOp{Meta: &pb.Meta{Args: []string{"a"}, Env: []string{"A=b", "C"}}, Mounts: []*pb.Mount{{Dest: "/m", Input: 0}}}}},
		{Op: &pb.Op_File{File: &pb.FileOp{Actions: []*pb.FileAction{{Action: &pb.FileAction_Copy{Copy: &pb.FileActionCopy{Src: "/a"}}, SecondaryInput: 7}}}}},
		{Op: &pb.Op_Exec{}}, {Op: &pb.Op_File{}}, {Op: &pb.Op_Source{}},
	} {
		b, err := proto.Marshal(o)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b, b, int32(1), int32(3))
	}
	f.Fuzz(func(t *testing.T, a, b []byte, from, to int32) {
		def := &pb.Definition{Def: [][]byte{a, b}, Source: &pb.Source{Infos: []*pb.SourceInfo{{Data: []byte("FROM a\n")}}, Locations: map[string]*pb.Locations{}}}
		for _, o := range def.Def {
			def.Source.Locations[digestOf(o)] = &pb.Locations{Locations: []*pb.Location{nil, {SourceIndex: from}, {Ranges: []*pb.Range{nil, {Start: &pb.Position{Line: from}, End: &pb.Position{Line: to}}}}}}
		}
		d, err := definition.Read(def, nil, def)
		if err != nil {
			return
		}
		seen := map[string]bool{}
		for _, o := range d.Ops {
			if seen[o.Digest] || o.Key == "" || o.Own == "" {
				t.Fatalf("%+v", o)
			}
			seen[o.Digest] = true
		}
	})
}

func digestOf(b []byte) string {
	d, err := definition.Read(&pb.Definition{Def: [][]byte{b}})
	if err != nil || len(d.Ops) == 0 {
		return ""
	}
	return d.Ops[0].Digest
}
