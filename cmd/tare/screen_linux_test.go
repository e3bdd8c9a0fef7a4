package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// evil is text as strangers write it: commands for a terminal in every form, after a
// word by which the test sees that it came out at all.
const evil = "EVIL\x1b]0;title\x07\x1b[2J\x1b[8m\x1bc\x1bPq\x1b\\\x9b31m\u009b31m\u009d0;t\u009c\u202e\u2066\x08\x7f\rLINE"

// jsonEvil is evil without what JSON cannot hold.
var jsonEvil = strings.ToValidUTF8(evil, "")

// commands are what must not arrive: tare's own displays move the cursor, erase lines
// and colour, and do nothing else.
var (
	own = regexp.MustCompile(`\x1b\[[0-9;:]*[ABCDGKm]|\x1b\[J|\x1b\[0J|\x1b\[\?25[lh]|\x1b\[\?7[lh]`)
	sgr = regexp.MustCompile(`\x1b\[[0-9;:]*m`)
)

// obeyed finds what a terminal would obey, or show other than it is, in what arrived.
func obeyed(b string, tty, colored bool) string {
	if tty {
		b = own.ReplaceAllString(b, "")
		b = strings.ReplaceAll(b, "\r\n", "\n") // the terminal's own doing
	} else if colored {
		b = sgr.ReplaceAllString(b, "")
	}
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRuneInString(b[i:])
		bad := r == utf8.RuneError && n == 1 || r < 0x20 && r != '\n' && r != '\t' && (r != '\r' || !tty) || r >= 0x7f && r < 0xa0 ||
			r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == '\r' && strings.HasPrefix(b[i+1:], "LINE")
		if bad {
			return fmt.Sprintf("%q at %d: …%q", b[i:i+n], i, b[max(0, i-40):min(len(b), i+40)])
		}
		i += n
	}
	return ""
}

// TestObeyed: the test can see what it looks for.
func TestObeyed(t *testing.T) {
	for i := 0; i < len(evil); {
		r, n := utf8.DecodeRuneInString(evil[i:])
		part := evil[i : i+n]
		i += n
		if part == "\r" {
			part += "LINE"
		}
		if r >= 0x20 && r < 0x7f {
			continue
		}
		for _, tty := range []bool{true, false} {
			if obeyed("a"+part+"b", tty, true) == "" {
				t.Errorf("%q is not seen (terminal: %v)", part, tty)
			}
		}
	}
	if got := obeyed("\x1b[2A\r\x1b[2Kx\x1b[0m\r\n", true, false); got != "" {
		t.Error(got)
	}
}

// TestTerminalOfStrangers runs commands whose output has strangers' text, on a terminal
// and into pipes, and looks at every byte that arrives.
func TestTerminalOfStrangers(t *testing.T) {
	h := newHome(t)
	registry := evilRegistry(t)
	h.set("DOCKER_HOST", evilDaemon(t))
	h.write(t, "parse/Dockerfile", "FROM scratch\n"+evil+" x\n")
	h.write(t, "stage/Dockerfile", "FROM scratch AS "+evil+"\n")
	h.write(t, "warnless/Dockerfile", "FROM scratch AS a\nLABEL a=b\n")
	h.write(t, "flag/Dockerfile", "FROM scratch\nCOPY --"+evil+"=x a b\n")
	h.write(t, "heredoc/Dockerfile", "FROM scratch\nCOPY <<"+strings.ReplaceAll(evil, "\r", "")+" /x\n")
	h.write(t, "from/Dockerfile", "FROM "+evil+"\n")
	h.write(t, "base/Dockerfile", "FROM "+registry+"/evil\n")
	h.write(t, "ignore/Dockerfile", "FROM scratch\nCOPY x[ /\n")
	h.write(t, "ignore/.dockerignore", "["+evil+"\n")
	h.write(t, "yaml/tare.yaml", "name: a\n"+fmt.Sprintf("%q: 1\n", jsonEvil))
	h.write(t, "yaml/raw.yaml", "name: a\nvariants:\n  - name: "+evil+"\n")
	h.write(t, "yaml/missing.yaml", fmt.Sprintf("version: 1\nname: a\nvariants:\n  - name: %q\n    image: %q\n  - name: b\n    image: c\n", "x", jsonEvil))
	save := func(name string, b []byte) string {
		h.write(t, name, string(b))
		return name
	}
	good := save("good.tar", evilArchive(t, "evil:1", ""))
	other := save("other.tar", evilArchive(t, "evil:2", "2"))
	tagged := save("tagged.tar", evilArchive(t, jsonEvil, ""))
	member := save("member.tar", tarOf(t, map[string]string{"manifest.json": `[{"Config":` + quoted("x/"+jsonEvil) + `,"Layers":[` + quoted(jsonEvil) + `]}]`}))
	h.tare(t, "load", "-i", good)
	h.tare(t, "load", "-i", other)
	h.tare(t, "tag", "evil:1", registry+"/document")

	type way struct {
		name     string
		args     []string
		template bool // into a pipe a template prints data, as in Docker
		engine   bool
		silent   bool // today tare does not quote it
	}
	for _, c := range []way{
		{name: "status line of a registry", args: []string{"pull", registry + "/status"}, silent: true},
		{name: "error document of a registry", args: []string{"pull", registry + "/document"}, silent: true},
		{name: "error page of a registry", args: []string{"pull", registry + "/page"}, silent: true},
		{name: "challenge of a registry", args: []string{"pull", registry + "/challenge"}},
		{name: "registry, weighed", args: []string{"weigh", "registry://" + registry + "/document"}, silent: true},
		{name: "registry, logged in to", args: []string{"login", "-u", "u", "-p", "p", registry}, silent: true},
		{name: "registry, pushed to", args: []string{"push", registry + "/document"}, silent: true},
		{name: "daemon", args: []string{"weigh", "daemon://evil"}},
		{name: "RepoTags", args: []string{"load", "-i", tagged}},
		{name: "archive members", args: []string{"load", "-i", member}},
		{name: "archive members, weighed", args: []string{"weigh", "archive://" + member}},
		{name: "file names", args: []string{"weigh", "evil:1"}},
		{name: "file names, largest", args: []string{"weigh", "--path", "**", "evil:1"}},
		{name: "file names as JSON", args: []string{"weigh", "--format", "json", "evil:1"}},
		{name: "file names as Markdown", args: []string{"weigh", "--format", "markdown", "evil:1"}},
		{name: "diff", args: []string{"diff", "evil:1", "evil:2"}},
		{name: "diff as JSON", args: []string{"diff", "--format", "json", "evil:1", "evil:2"}},
		{name: "diff of contents", args: []string{"diff", "--content", "/text", "evil:1", "evil:2"}},
		{name: "history", args: []string{"history", "--no-trunc", "evil:1"}},
		{name: "history, template", args: []string{"history", "--format", "{{.CreatedBy}} {{.Comment}}", "evil:1"}},
		{name: "history as JSON", args: []string{"history", "--no-trunc", "--format", "json", "evil:1"}},
		{name: "inspect", args: []string{"inspect", "evil:1"}},
		{name: "inspect, template", args: []string{"inspect", "-f", "{{.Config.Labels.evil}} {{.Author}} {{.Config.Env}}", "evil:1"}, template: true},
		{name: "inspect, json template", args: []string{"inspect", "-f", "{{json .Config.Labels}}", "evil:1"}, template: true},
		{name: "inspect as JSON", args: []string{"inspect", "-f", "json", "evil:1"}},
		{name: "arguments", args: []string{"inspect", evil}},
		{name: "arguments, build", args: []string{"build", "--target", jsonEvil, "warnless"}, engine: true},
		{name: "tare.yaml, a key", args: []string{"lab", "yaml/tare.yaml"}},
		{name: "tare.yaml, not to be parsed", args: []string{"lab", "yaml/raw.yaml"}},
		{name: "tare.yaml, a target", args: []string{"lab", "yaml/missing.yaml"}, engine: true},
		{name: "parse error, profile", args: []string{"profile", "parse"}},
		{name: "parse error, compare", args: []string{"compare", "./parse", "./stage"}, engine: true},
		{name: "parse error, build", args: []string{"build", "parse"}, engine: true},
		{name: "parse error, check", args: []string{"build", "--check", "parse"}, engine: true},
		{name: "stage name", args: []string{"build", "stage"}, engine: true},
		{name: "flag", args: []string{"build", "flag"}, engine: true},
		{name: "heredoc", args: []string{"build", "heredoc"}, engine: true},
		{name: "base name", args: []string{"build", "from"}, engine: true},
		{name: "base's registry", args: []string{"build", "base"}, engine: true},
		{name: ".dockerignore", args: []string{"build", "ignore"}, engine: true, silent: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.engine {
				needEngine(t)
			}
			p := h.terminal(t, 200, 50, c.args...)
			p.wait()
			if got := obeyed(p.out.String(), true, false); got != "" {
				t.Errorf("terminal: %s", got)
			}
			if !strings.Contains(p.out.String(), "EVIL") && !c.silent {
				t.Errorf("the text does not come out: the case shows nothing: %q", p.out.String())
			}
			p = h.start(t, c.args...)
			p.wait()
			if got := obeyed(p.err.String(), false, false); got != "" {
				t.Errorf("pipe, standard error: %s", got)
			}
			if got := obeyed(p.out.String(), false, false); got != "" && !c.template {
				t.Errorf("pipe, standard output: %s", got)
			}
		})
	}
}

// TestTerminalOfBuilds: what steps are called and what they print, in every display.
func TestTerminalOfBuilds(t *testing.T) {
	needEngine(t)
	h := newHome(t)
	h.tare(t, "load", "-i", mustWorld(t).archive)
	name := strings.NewReplacer("\r", "", "\\", "").Replace(evil)
	h.write(t, "step/Dockerfile", "FROM probe\nCOPY ["+quoted("x"+strings.ToValidUTF8(name, ""))+", \"/\"]\n")
	h.write(t, "warn/Dockerfile", "FROM probe\nWORKDIR rel"+name+"\nCMD probe\n")
	h.write(t, "log/Dockerfile", "FROM probe\nCOPY text /\nRUN [\"probe\", \"cat\", \"/text\"]\n")
	h.write(t, "fail/Dockerfile", "FROM probe\nCOPY text /\nRUN [\"probe\", \"cat\", \"/text\", \"/missing\"]\n")
	h.write(t, "log/text", evil+"\x1b[31mred\n")
	h.write(t, "fail/text", evil+"\x1b[31mred\n")
	for _, dir := range []string{"step", "warn", "log", "fail"} {
		for _, mode := range []string{"plain", "tty", "auto"} {
			t.Run(dir+" "+mode, func(t *testing.T) {
				p := h.terminal(t, 120, 40, "build", "--no-cache", "--progress", mode, dir)
				p.wait()
				if got := obeyed(p.out.String(), true, true); got != "" {
					t.Errorf("terminal: %s", got)
				}
				if !strings.Contains(p.out.String(), "EVIL") && (dir != "log" || mode == "plain") {
					t.Errorf("the text does not come out: %q", p.out.String())
				}
				if mode == "tty" {
					return
				}
				p = h.start(t, "build", "--no-cache", "--progress", mode, dir)
				p.wait()
				if got := obeyed(p.err.String(), false, true); got != "" {
					t.Errorf("pipe: %s", got)
				}
				if dir == "log" && !strings.Contains(p.err.String(), "\x1b[31mred\x1b[0m") {
					t.Errorf("colours of logs are lost: %q", p.err.String())
				}
			})
		}
	}
	t.Run("check", func(t *testing.T) {
		p := h.start(t, "build", "--check", "warn")
		p.wait()
		if got := obeyed(p.out.String()+p.err.String(), false, false); got != "" || !strings.Contains(p.out.String(), "EVIL") {
			t.Errorf("%s: %q", got, p.out.String())
		}
	})
	t.Run("run passes all", func(t *testing.T) {
		p := h.start(t, "run", "-v", filepath.Join(h.dir, "log")+":/log", "probe", "probe", "cat", "/log/text")
		if code := p.wait(); code != 0 || p.out.String() != evil+"\x1b[31mred\n" {
			t.Errorf("exit code %d: %q", code, p.out.String())
		}
	})
}

func quoted(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// evilRegistry answers with strangers' text wherever a registry can put some.
func evilRegistry(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = c.Close() }()
				buf := make([]byte, 1<<12)
				n, _ := c.Read(buf)
				path := string(buf[:n])
				path, _, _ = strings.Cut(path, "\r\n")
				status, kind, head, body := "403 Forbidden", "application/json", "", `{"errors":[{"code":"DENIED","message":`+quoted(jsonEvil)+`,"detail":`+quoted(jsonEvil)+`}]}`
				length := 0
				get := strings.HasPrefix(path, "GET ")
				switch {
				case strings.HasSuffix(path, "/v2/ HTTP/1.1"):
					status = "403 " + strings.ReplaceAll(evil, "\r", "")
				case strings.HasPrefix(path, "HEAD ") && (strings.Contains(path, "/document/") || strings.Contains(path, "/page/")) && strings.Contains(path, "/manifests/latest"):
					status, body = "200 OK", ""
					length = 500
					kind = "application/vnd.oci.image.manifest.v1+json"
					head = "Docker-Content-Digest: sha256:" + strings.Repeat("a", 64) + "\r\n"
				case !get && strings.Contains(path, "/document/"):
					status, body = "403 "+strings.ReplaceAll(evil, "\r", ""), ""
				case strings.Contains(path, "/status/"):
					status, body = "403 "+strings.ReplaceAll(evil, "\r", ""), ""
				case strings.Contains(path, "/page/"):
					body = "<html>" + evil
				case strings.Contains(path, "/challenge/"):
					status, head = "401 Unauthorized", "WWW-Authenticate: Bearer realm=\"http://"+l.Addr().String()+"/token\",error=\""+strings.ReplaceAll(evil, "\r", "")+"\"\r\n"
				}
				_, _ = fmt.Fprintf(c, "HTTP/1.1 %s\r\n%sContent-Type: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", status, head, kind, max(length, len(body)), body)
			}()
		}
	}()
	return l.Addr().String()
}

// evilDaemon is a Docker daemon that refuses in strangers' words.
func evilDaemon(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "d") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	l, err := net.Listen("unix", filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = fmt.Fprintf(w, `{"message":%s}`, quoted(jsonEvil))
	})}
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() { _ = s.Close() })
	return "unix://" + filepath.Join(dir, "s")
}

// evilArchive is an image, as docker save writes it, with strangers' text in every
// field that may hold any.
func evilArchive(t *testing.T, tag, salt string) []byte {
	t.Helper()
	layer := string(tarOf(t, map[string]string{
		evil + salt: "12345", "usr/" + evil: "long enough to be listed" + salt, "text": "a " + jsonEvil + salt + "\n",
		"link" + salt: "->" + evil,
	}))
	diff := fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(layer)))
	cfg := fmt.Sprintf(`{"architecture":"amd64","os":"linux","author":%[1]s,"created":"2024-01-01T00:00:00Z","config":{"Env":[%[2]s],"Cmd":[%[1]s],"User":%[1]s,"Labels":{"evil":%[1]s,%[1]s:"x"}},`+
		`"rootfs":{"type":"layers","diff_ids":[%[3]q]},"history":[{"created":"2024-01-01T00:00:00Z","created_by":%[1]s,"comment":%[1]s}]}`, quoted(jsonEvil+salt), quoted("E="+jsonEvil), diff)
	id := fmt.Sprintf("%x", sha256.Sum256([]byte(cfg)))
	return tarOf(t, map[string]string{
		id + ".json": cfg, "layer.tar": layer, "manifest.json": fmt.Sprintf(`[{"Config":%q,"RepoTags":[%s],"Layers":["layer.tar"]}]`, id+".json", quoted(tag)),
	})
}

// tarOf packs files; a text that begins with -> is the target of a symbolic link.
func tarOf(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for name, text := range files {
		hdr := &tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(text)), Format: tar.FormatGNU}
		if to, ok := strings.CutPrefix(text, "->"); ok {
			hdr.Typeflag, hdr.Linkname, hdr.Size, text = tar.TypeSymlink, to, 0, ""
		}
		if err := w.WriteHeader(hdr); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
