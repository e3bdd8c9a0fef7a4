package profiler_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"tare/internal/engine"
	"tare/internal/testkit"
)

// dockerfileCase is a Dockerfile of testdata/attribution and how it is built.
type dockerfileCase struct {
	name, text string
	build      engine.Build // without context and Dockerfile
}

// corpus reads testdata/attribution; its README says how that is written.
func corpus(t *testing.T, dir string, fill map[string]string) []dockerfileCase {
	t.Helper()
	files, err := filepath.Glob("testdata/attribution/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no corpus: %v", err)
	}
	var out []dockerfileCase
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range strings.Split(string(b), "\n=== ")[1:] {
			name, text, _ := strings.Cut(part, "\n")
			name = strings.TrimSuffix(filepath.Base(f), ".txt") + ": " + name
			out = append(out, dockerfileOf(t, name, strings.TrimSuffix(text, "\n")+"\n", dir, fill))
		}
	}
	return out
}

func dockerfileOf(t *testing.T, name, text, dir string, fill map[string]string) dockerfileCase {
	t.Helper()
	c := dockerfileCase{name: name}
	c.build.Args, c.build.Contexts = map[string]string{}, map[string]string{}
	written := map[string]bool{}
	for strings.HasPrefix(text, "%") {
		option, rest, _ := strings.Cut(text[1:], "\n")
		text = rest
		key, value, _ := strings.Cut(option, " ")
		value = filled(value, fill)
		k, v, _ := strings.Cut(value, "=")
		switch key {
		case "arg":
			c.build.Args[k] = v
		case "target":
			c.build.Target = value
		case "platform":
			c.build.Platforms = strings.Split(value, ",")
		case "context":
			if !strings.Contains(v, ":") {
				v = filepath.Join(dir, v)
			}
			c.build.Contexts[k] = v
		case "secret":
			c.build.Secrets = append(c.build.Secrets, "id="+k+",src="+filepath.Join(dir, v))
		case "allow":
			c.build.Allow = append(c.build.Allow, value)
		case "label":
			c.build.Labels = map[string]string{k: v}
		case "network":
			c.build.Network = value
		case "host":
			c.build.AddHosts = append(c.build.AddHosts, value)
		case "no-cache-filter":
			c.build.NoCacheFilter = append(c.build.NoCacheFilter, value)
		case "crlf", "bom", "noeol", "blanks", "tabs":
			written[key] = true
		default:
			t.Fatalf("%s: unknown option %q", name, option)
		}
	}
	fill["CASE"] = strings.NewReplacer(" ", "-", ":", "", ",", "").Replace(name)
	lines := strings.Split(filled(text, fill), "\n")
	for i := range lines {
		lines[i] = strings.ReplaceAll(lines[i], "@@", strconv.Itoa(i+1))
		if written["blanks"] && lines[i] != "" {
			lines[i] += "  \t"
		}
	}
	eol := "\n"
	if written["crlf"] {
		eol = "\r\n"
	}
	c.text = strings.Join(lines, eol)
	if written["noeol"] {
		c.text = strings.TrimSuffix(c.text, eol)
	}
	if written["bom"] {
		c.text = "\ufeff" + c.text
	}
	return c
}

// filled replaces the words that only the test knows.
func filled(text string, fill map[string]string) string {
	for _, k := range []string{"BASEDIGEST", "HTTPSUM", "HTTP/", "HOSTARCH", "CASE", "LONG"} {
		text = strings.ReplaceAll(text, k, fill[k])
	}
	return text
}

// corpusContext is the build context of all cases.
func corpusContext(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, body := range map[string]string{"a": "file a", "b": "file b", "c.txt": "file c", "d/e": "file e", "d/f/g": "file g", "d/skip.tmp": "temporary", "top.tmp": "temporary"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, name), body)
	}
	for name, to := range map[string]string{"link": "a", "linked": "d"} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	write(t, filepath.Join(dir, "x.tar"), string(testkit.Tar(t, testkit.File("unpacked", "from an archive"))))
	return dir
}

// corpusBases puts the images into the store that the corpus goes on from.
func (w *world) corpusBases(t *testing.T) (fill map[string]string) {
	t.Helper()
	base := w.base(t, "base", "one")
	w.base(t, "other", "two")
	for name, text := range map[string]string{
		"based":        "WORKDIR /based",
		"triggers":     "ONBUILD RUN probe write /on x\nONBUILD COPY a /on-a\nONBUILD WORKDIR /",
		"needs-tools":  "ONBUILD COPY --from=tools /tool /on-tool",
		"mounts-tools": "ONBUILD RUN --mount=from=tools,target=/t probe cat /t/tool\nONBUILD ENV ON=1",
		"sets":         "ONBUILD ENV ON=1\nONBUILD WORKDIR /on\nONBUILD LABEL on=1\nONBUILD USER 0",
	} {
		w.derive(t, name, "FROM base\n"+text+"\n")
	}
	return map[string]string{"BASEDIGEST": base.Target.Digest.String(), "HOSTARCH": runtime.GOARCH, "LONG": strings.Repeat("long", 4000)}
}
