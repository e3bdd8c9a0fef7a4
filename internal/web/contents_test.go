package web_test

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"tare/internal/layer"
	"tare/internal/testkit"
	"tare/internal/web"
)

// untar are the files of a tar that was downloaded; of links where they lead, of directories "/".
func untar(t *testing.T, a answer) map[string]string {
	t.Helper()
	out := map[string]string{}
	r := tar.NewReader(strings.NewReader(a.body))
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatalf("%s: %v", a.body, err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if h.Uid != 0 || h.Gid != 0 || h.Uname != "" || h.Mode&^0o777 != 0 {
			t.Errorf("%s has owner %d:%d and mode %o", h.Name, h.Uid, h.Gid, h.Mode)
		}
		switch h.Typeflag {
		case tar.TypeReg:
			out[h.Name] = string(b)
		case tar.TypeDir:
			out[h.Name] = "/"
		case tar.TypeSymlink, tar.TypeLink:
			out[h.Name] = "-> " + h.Linkname
		default:
			t.Errorf("%s is a %c", h.Name, h.Typeflag)
		}
	}
}

func TestText(t *testing.T) {
	long := strings.Repeat("ä", 1<<19) + "é and more"
	s := serve(t, layers{{testkit.File("plain", "one\r\ntwo\t3\n"), testkit.File("control", "\x1b[31mred\u202e<script>"), testkit.File("binary", "ELF\x00\x01"), testkit.File("latin", "caf\xe9"),
		testkit.File("empty", ""), testkit.File("long", long), testkit.File("odd", "x"+long), testkit.Link("hard", "plain"), testkit.File("gone", "secret")}, {testkit.File(".wh.gone", "")}})
	for path, want := range map[string]web.Text{
		"plain":   {Path: "/plain", Bytes: 11, Text: "one\ntwo\t3\n"},
		"control": {Path: "/control", Bytes: 19, Text: `\x1b[31mred\u202e<script>`},
		"binary":  {Path: "/binary", Bytes: 5, Binary: true},
		"latin":   {Path: "/latin", Bytes: 4, Binary: true},
		"empty":   {Path: "/empty"},
		"hard":    {Path: "/hard", Bytes: 11, Text: "one\ntwo\t3\n"},
		"gone":    {Path: "/gone", Bytes: 6, Text: "secret"},
		"long":    {Path: "/long", Bytes: int64(len(long)), Text: strings.Repeat("ä", 1<<19), Shortened: true},
		"odd":     {Path: "/odd", Bytes: int64(len(long) + 1), Text: "x" + strings.Repeat("ä", 1<<19-1), Shortened: true},
	} {
		if got := api[web.Text](s, "text", "path", path); got != want {
			t.Errorf("%s: %.200v", path, got)
		}
	}
	if a := s.get("api/text?path=control"); strings.Contains(a.body, "<script>") {
		t.Errorf("markup in the answer: %s", a.body)
	}
}

func TestDownload(t *testing.T) {
	s := serve(t, layers{{testkit.File("a/plain.txt", "12345"), testkit.Link("a/hard", "a/plain.txt")}})
	for _, path := range []string{"a/plain.txt", "a/hard"} {
		a := s.get("api/file?path=" + path)
		if a.body != "12345" || a.ContentLength != 5 || a.Header.Get("Content-Type") != "application/octet-stream" || !strings.HasPrefix(a.Header.Get("Content-Disposition"), "attachment; ") {
			t.Errorf("%s: %q %v", path, a.body, a.Header)
		}
		if !strings.Contains(a.Header.Get("Content-Security-Policy"), "sandbox") {
			t.Errorf("policy %q", a.Header.Get("Content-Security-Policy"))
		}
		if h := s.do("HEAD", s.at+"api/file?path="+path, nil); h.StatusCode != http.StatusOK || h.ContentLength != 5 || h.body != "" {
			t.Errorf("HEAD %s: %v", path, h.Header)
		}
	}
}

// A name from an image is no more than a name: no header of its own, no directory, nothing
// hidden, nothing that reads as something else.
func TestNamesOfDownloads(t *testing.T) {
	names := map[string]string{
		`plain.txt`:                    "plain.txt",
		`two words`:                    "two words",
		"ünïcode.txt":                  "ünïcode.txt",
		`quo"te; filename=evil.exe`:    "quo_te; filename=evil.exe",
		"new\r\nSet-Cookie: a=b":       "new__Set-Cookie_ a=b",
		`back\..\slash`:                "back_.._slash",
		".bashrc":                      "bashrc",
		"...":                          "file",
		"cod\u202etxt.exe":             "cod_txt.exe",
		"\xff\xfe":                     "__",
		"\x1b[31m":                     "_[31m",
		"100%41":                       "100%41",
		"<img src=x onerror=alert(1)>": "_img src=x onerror=alert(1)_",
		strings.Repeat("n", 250):       strings.Repeat("n", 200),
		"🦀.rs":                         "🦀.rs",
	}
	var list []testkit.Entry
	for name := range names {
		list = append(list, testkit.File("d/"+name, "content of "+name))
	}
	s := serve(t, layers{list})
	rows := api[web.Listing](s, "files", "path", "d").Rows
	if len(rows) != len(names) {
		t.Fatalf("%d rows", len(rows))
	}
	seen := map[string]bool{}
	for _, r := range rows {
		a := s.get("api/file?id=" + strconv.Itoa(int(r.ID)))
		_, params, err := mime.ParseMediaType(a.Header.Get("Content-Disposition"))
		if err != nil {
			t.Errorf("%s: %v", a.Header.Get("Content-Disposition"), err)
			continue
		}
		was := strings.TrimPrefix(a.body, "content of ")
		if params["filename"] != names[was] {
			t.Errorf("%q is offered as %q (%s)", was, params["filename"], a.Header.Get("Content-Disposition"))
		}
		if a.Header.Get("Set-Cookie") != "" {
			t.Errorf("%q sets a header", was)
		}
		seen[was] = true
	}
	if len(seen) != len(names) {
		t.Errorf("%d of %d were seen", len(seen), len(names))
	}
}

func TestDirectory(t *testing.T) {
	suid := testkit.File("app/run.sh", "new")
	suid.Header.Mode, suid.Header.Uid = 0o4755, 1000
	s := serve(t, layers{
		{testkit.Dir("app"), testkit.File("app/run.sh", "old"), testkit.File("app/sub/data", "data"), testkit.File("app/gone", "secret"), testkit.File("other", "o")},
		{suid, testkit.Link("app/hard", "app/run.sh"), testkit.Symlink("app/near", "sub/data"), testkit.Symlink("app/far", "/etc/passwd"), testkit.Symlink("app/up", "../../x"),
			testkit.File("app/.wh.gone", ""), {Header: tar.Header{Name: "app/null", Typeflag: tar.TypeChar, Devmajor: 1, Devminor: 3}}}})
	a := s.get("api/file?path=app")
	got := untar(t, a)
	for name, want := range map[string]string{"app/": "/", "app/sub/": "/", "app/sub/data": "data", "app/near": "-> sub/data"} {
		if got[name] != want {
			t.Errorf("%s: %q, want %q", name, got[name], want)
		}
		delete(got, name)
	}
	if x, y := got["app/run.sh"], got["app/hard"]; !(x == "new" && y == "-> app/run.sh" || y == "new" && x == "-> app/hard") {
		t.Errorf("run.sh %q, hard %q", x, y)
	}
	if len(got) != 2 {
		t.Errorf("more than is there: %v", got)
	}
	want := "2 symbolic links to elsewhere and 1 device"
	if a.Header.Get("Tare-Left-Out") != want || a.Header.Get("Content-Disposition") != `attachment; filename="app.tar"` {
		t.Errorf("%v", a.Header)
	}
	if h := s.do("HEAD", s.at+"api/file?path=app", nil); h.Header.Get("Tare-Left-Out") != want || h.body != "" {
		t.Errorf("HEAD: %v", h.Header)
	}
	if got := untar(t, s.get("api/file?path=app&from=0&to=0")); got["app/run.sh"] != "old" || got["app/gone"] != "secret" {
		t.Errorf("the first layer: %v", got)
	}
	if got := untar(t, s.get("api/file")); got["app0/other"] != "o" || got["app0/app/sub/data"] != "data" || got["app0/app/far"] != "" {
		t.Errorf("all: %v", got)
	}
}

// Whatever stands in an image, the tar has nothing outside of its directory, and every
// symbolic link comes after all that could be written through it.
func TestDirectoryStaysInside(t *testing.T) {
	s := serve(t, layers{
		{testkit.Dir("d"), testkit.Symlink("d/out", ".."), testkit.Symlink("d/in", "real"), testkit.Dir("d/real"), testkit.File("d/real/x", "1"), testkit.File("/abs", "a"), testkit.File("d/../../up", "u")},
		{testkit.File("d/out/evil", "evil"), testkit.File("d/in/y", "2"), testkit.Symlink("d/loop", "loop/loop")}})
	for _, path := range []string{"d", ""} {
		a, links := s.get("api/file?path="+path), false
		r := tar.NewReader(strings.NewReader(a.body))
		for h, err := r.Next(); err == nil; h, err = r.Next() {
			if strings.HasPrefix(h.Name, "/") || strings.Contains("/"+h.Name+"/", "/../") || strings.HasPrefix(h.Linkname, "/") {
				t.Errorf("%s -> %s", h.Name, h.Linkname)
			}
			if links && h.Typeflag != tar.TypeSymlink {
				t.Errorf("%s comes after a link", h.Name)
			}
			links = h.Typeflag == tar.TypeSymlink
		}
	}
}

// broken reads some bytes of every file and fails then.
type broken struct{ after int }

func (b broken) ReadEntries(_ context.Context, _, _ int, entries []*layer.Entry, do func(int, io.Reader) error) error {
	for n := range entries {
		r := io.MultiReader(bytes.NewReader(make([]byte, b.after)), failing{})
		if err := do(n, r); err != nil {
			return err
		}
	}
	return nil
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("layer 1: the blob is damaged") }

// stuck never gets to the end of a file.
type stuck struct{ begun chan struct{} }

func (s stuck) ReadEntries(ctx context.Context, _, _ int, entries []*layer.Entry, do func(int, io.Reader) error) error {
	return do(0, io.MultiReader(bytes.NewReader(make([]byte, 1<<10)), waiting{ctx, s.begun}))
}

type waiting struct {
	ctx   context.Context
	begun chan struct{}
}

func (w waiting) Read([]byte) (int, error) {
	close(w.begun)
	<-w.ctx.Done()
	return 0, w.ctx.Err()
}

// An answer that cannot be finished does not look like one that is.
func TestDamagedLayer(t *testing.T) {
	images := imagesOf(t, layers{{testkit.File("d/big", strings.Repeat("x", 1<<20))}})
	for _, after := range []int{0, 100 << 10} {
		s := start(t, web.Config{Images: images, Source: broken{after}})
		for _, path := range []string{"d/big", "d"} {
			resp, err := http.Get(s.at + "api/file?path=" + path)
			if err != nil {
				continue // nothing at all
			}
			b, err := io.ReadAll(resp.Body)
			_ = resp.Body.Close()
			if err == nil && resp.StatusCode == http.StatusOK {
				t.Errorf("%s after %d bytes: %d bytes look whole", path, after, len(b))
			}
		}
		if a := s.get("api/text?path=d/big"); a.StatusCode != http.StatusInternalServerError || !strings.Contains(a.body, "damaged") {
			t.Errorf("text: %s %s", a.Status, a.body)
		}
	}
}

// It ends at once when it is told to, also while something is downloaded.
func TestEnd(t *testing.T) {
	begun := make(chan struct{})
	s := start(t, web.Config{Images: imagesOf(t, layers{{testkit.File("big", strings.Repeat("x", 1<<20))}}), Source: stuck{begun}})
	got := make(chan error, 1)
	go func() {
		resp, err := http.Get(s.at + "api/file?path=big")
		if err == nil {
			_, err = io.ReadAll(resp.Body)
			_ = resp.Body.Close()
		}
		got <- err
	}()
	<-begun
	began := time.Now()
	if err := s.end(); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
	if err := <-got; err == nil {
		t.Error("what was cut off looks whole")
	}
}
