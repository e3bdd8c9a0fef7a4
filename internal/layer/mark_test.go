package layer_test

import (
	"bytes"
	"strings"
	"testing"

	"tare/internal/layer"
	"tare/internal/secret"
	"tare/internal/testkit"
)

// A layer's index says which files hold secrets, of which it keeps nothing; also where a
// path stands twice.
func TestMarks(t *testing.T) {
	const value = "hunter2hunter2"
	x := read(t, testkit.Tar(t, testkit.File("app/.env", "DB_PASSWORD="+value+"\n"), testkit.File("app/main.py", "print(1)\n"), testkit.File("app/.env", ""),
		testkit.File("large.key", "-----BEGIN PRIVATE KEY-----\nMIIE\n"+strings.Repeat("x", 200_000)), testkit.Link("app/link", "app/.env"), testkit.Symlink("root/.ssh/id_rsa", "x")))
	b, err := layer.Encode(x)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(b, []byte(value)) {
		t.Error("the index has the secret")
	}
	y, err := layer.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]secret.Mark{}
	for _, e := range y.List {
		got[e.Path] = append(got[e.Path], e.Mark)
	}
	for path, want := range map[string][]secret.Mark{"app/.env": {secret.Variables, secret.None}, "app/main.py": {secret.None}, "large.key": {secret.Key}, "app/link": {secret.None}, "root/.ssh/id_rsa": {secret.None}} {
		if len(got[path]) != len(want) || got[path][0] != want[0] || got[path][len(want)-1] != want[len(want)-1] {
			t.Errorf("%s: %v, want %v", path, got[path], want)
		}
	}
	if _, err := layer.Decode(bytes.Replace(b, []byte(`"marks":[[0,`), []byte(`"marks":[[9,`), 1)); err == nil {
		t.Error("a mark of no entry was decoded")
	}
	y.List[0].Mark = 99
	if b, err = layer.Encode(y); err != nil {
		t.Fatal(err)
	}
	if _, err := layer.Decode(b); err == nil {
		t.Error("a mark that is none was decoded")
	}
}
