package draft_test

import (
	"strings"
	"testing"

	"tare/internal/draft"
)

func read(t *testing.T, text string) *draft.File {
	t.Helper()
	f, err := draft.Read([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func apply(t *testing.T, f *draft.File, edits ...draft.Edit) string {
	t.Helper()
	out, err := draft.Apply(f.Text, edits)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := draft.Read(out); err != nil {
		t.Errorf("%s\ncannot be read any more: %v", out, err)
	}
	return string(out)
}

// Every command of a RUN is found again where it stands in the file, whatever stands between
// its lines.
func TestPlaces(t *testing.T) {
	for name, text := range map[string]string{
		"one line":          "FROM a\nRUN one && two && three\n",
		"continued":         "FROM a\nRUN one \\\n    && two \\\n    && three\n",
		"comments between":  "FROM a\nRUN one \\\n# no\n  && two \\\n\n  # no, too\n  && three",
		"flags":             "FROM a\nRUN --mount=type=cache,target=/x --network=none \\\n one && two && three\n",
		"lower case":        "from a\nrun   one && two && three\n",
		"heredoc":           "FROM a\nRUN <<EOF\none\ntwo\nthree\nEOF\n",
		"heredoc with tabs": "FROM a\nRUN <<-EOF\n\tone\n\ttwo\n\tthree\n\tEOF\nRUN x\n",
		"carriage returns":  "FROM a\r\nRUN one \\\r\n  && two \\\r\n  && three\r\nCMD x\r\n",
		"byte order mark":   "\xef\xbb\xbfFROM a\nRUN one && two && three\n",
		"escape":            "# escape=`\nFROM a\nRUN one `\n && two && three\n",
		"commands repeat":   "FROM a\nRUN one && two && three && RUN && one\n",
	} {
		f := read(t, text)
		i := f.Stages[0].List[0]
		if i.Script == nil {
			t.Errorf("%s: no script", name)
			continue
		}
		for n, want := range []string{"one", "two", "three"} {
			c := i.Script.Commands[n]
			r := i.Script.Range(c.From, c.To)
			if got := text[r.From:r.To]; got != want {
				t.Errorf("%s: command %d is %q", name, n, got)
			}
		}
	}
}

func TestAppend(t *testing.T) {
	for text, want := range map[string]string{
		"FROM a\nRUN one\n":                              "FROM a\nRUN one && rm -rf /x\n",
		"FROM a\nRUN one":                                "FROM a\nRUN one && rm -rf /x",
		"FROM a\nRUN one # why\nCMD x\n":                 "FROM a\nRUN one && rm -rf /x # why\nCMD x\n",
		"FROM a\nRUN one \\\n    && two\nCMD x\n":        "FROM a\nRUN one \\\n    && two \\\n    && rm -rf /x\nCMD x\n",
		"FROM a\nRUN one && \\\n\ttwo\n":                 "FROM a\nRUN one && \\\n\ttwo && \\\n\trm -rf /x\n",
		"FROM a\nRUN one; \\\n\ttwo;\n":                  "FROM a\nRUN one; \\\n\ttwo \\\n\t&& rm -rf /x;\n",
		"FROM a\r\nRUN one \\\r\n  && two\r\n":           "FROM a\r\nRUN one \\\r\n  && two \\\r\n  && rm -rf /x\r\n",
		"FROM a\nRUN <<E\none\ntwo\nE\n":                 "FROM a\nRUN <<E\none\ntwo && rm -rf /x\nE\n",
		"# escape=`\nFROM a\nRUN one `\n  && two\n":      "# escape=`\nFROM a\nRUN one `\n  && two `\n  && rm -rf /x\n",
		"FROM a\nRUN one \\\n  # why\n  && two \\\n\n\n": "FROM a\nRUN one \\\n  # why\n  && two \\\n  && rm -rf /x \\\n\n\n",
		"FROM a\nRUN one || two\n":                       "FROM a\nRUN one || two && rm -rf /x\n",
		"FROM a\nRUN if x; then y; fi\n":                 "FROM a\nRUN if x; then y; fi && rm -rf /x\n",
	} {
		f := read(t, text)
		e, ok := f.Append(f.Stages[0].List[0], "rm -rf /x")
		if !ok {
			t.Errorf("%q: nothing can be appended", text)
			continue
		}
		if got := apply(t, f, e); got != want {
			t.Errorf("%q:\n got %q\nwant %q", text, got, want)
		}
	}
	for _, text := range []string{"RUN one &", "RUN exec one", "RUN one; exit 0", "RUN cat <<E > /x\nbody\nE", "RUN [\"one\"]", "RUN trap x EXIT; y", "RUN <<E\n#!/bin/python3\nprint()\nE"} {
		f := read(t, "FROM a\n"+text+"\n")
		if e, ok := f.Append(f.Stages[0].List[0], "rm"); ok {
			t.Errorf("%q: %+v", text, e)
		}
	}
}

func TestDrop(t *testing.T) {
	for text, want := range map[string]string{
		"RUN one && two && three":               "RUN one && three",
		"RUN one; two; three":                   "RUN one; three",
		"RUN one; two && three":                 "RUN one; three",
		"RUN one && two":                        "RUN one",
		"RUN one \\\n  && two \\\n  && three":   "RUN one \\\n  && three",
		"RUN one \\\n # x\n && two \\\n && six": "RUN one \\\n && six",
	} {
		f := read(t, "FROM a\n"+text+"\n")
		e, ok := f.Drop(f.Stages[0].List[0], 1)
		if got := strings.TrimPrefix(apply(t, f, e), "FROM a\n"); !ok || got != want+"\n" {
			t.Errorf("%q:\n got %q\nwant %q", text, got, want)
		}
	}
	for text, want := range map[string]string{"RUN one && two": "RUN two", "RUN one \\\n  && two \\\n && three": "RUN two \\\n && three", "RUN one": "", "RUN one; two": "RUN two"} {
		f := read(t, "FROM a\n"+text+"\nCMD x\n")
		e, ok := f.Drop(f.Stages[0].List[0], 0)
		got := strings.TrimSuffix(strings.TrimPrefix(apply(t, f, e), "FROM a\n"), "CMD x\n")
		if !ok || strings.TrimSpace(got) != want {
			t.Errorf("%q:\n got %q\nwant %q", text, got, want)
		}
	}
}

func TestJoin(t *testing.T) {
	for text, want := range map[string]string{
		"RUN one\nRUN two":                             "RUN one \\\n    && two",
		"RUN one\n\n# why\nRUN two \\\n  && three":     "RUN one \\\n# why\n  && two \\\n  && three",
		"RUN cd /x && one\nRUN two":                    "RUN (cd /x && one) \\\n    && two",
		"RUN one\nRUN two; three":                      "RUN one \\\n    && (two; three)",
		"RUN one || two\nRUN three || four":            "RUN (one || two) \\\n    && (three || four)",
		"RUN set -eux; one; two\nRUN three && four":    "RUN set -eux; one; two; \\\n    three && four",
		"RUN --network=none one\nRUN --network=none x": "RUN --network=none one \\\n    && x",
		"run one \\\n\t&& two\nrun three":              "run one \\\n\t&& two \\\n\t&& three",
	} {
		f := read(t, "FROM a\n"+text+"\n")
		list := f.Stages[0].List
		edits, ok := f.Join(list[0], list[1])
		if !ok {
			t.Errorf("%q: cannot be joined", text)
			continue
		}
		if got := strings.TrimPrefix(apply(t, f, edits...), "FROM a\n"); got != want+"\n" {
			t.Errorf("%q:\n got %q\nwant %q", text, got, want)
		}
	}
	for _, text := range []string{"RUN one\nRUN [\"two\"]", "RUN --mount=type=cache,target=/x one\nRUN two", "RUN set -e; cd /x; one\nRUN two", "RUN one &\nRUN two",
		"SHELL [\"/bin/bash\", \"-ec\"]\nRUN cd /x; one\nRUN two"} {
		f := read(t, "FROM a\n"+text+"\n")
		list := f.Stages[0].List
		if edits, ok := f.Join(list[len(list)-2], list[len(list)-1]); ok {
			t.Errorf("%q became %q", text, apply(t, f, edits...))
		}
	}
}

func TestConflict(t *testing.T) {
	text := []byte("0123456789")
	at := func(from, to int) draft.Span { return draft.Span{From: from, To: to} }
	_, err := draft.Apply(text, []draft.Edit{{Span: at(2, 6)}, {Span: at(4, 8), Text: "x"}})
	if _, ok := err.(*draft.Conflict); !ok {
		t.Errorf("%v", err)
	}
	out, err := draft.Apply(text, []draft.Edit{{Span: at(4, 4), Text: "b"}, {Span: at(4, 4), Text: "c"}, {Span: at(1, 2), Text: "a"}, {Span: at(4, 4), Text: "b"}})
	if err != nil || string(out) != "0a23bcb456789" && string(out) != "0a23bc456789" {
		t.Errorf("%s %v", out, err)
	}
}
