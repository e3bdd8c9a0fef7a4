package layer_test

import (
	"bytes"
	"os"
	"regexp"
	"testing"

	"tare/internal/layer"
	"tare/internal/testkit"
)

// A larger program is divided as it streams past, and the cache keeps that; a small one, and
// what is no program, are not.
func TestInside(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	tar := testkit.Tar(t, testkit.File("bin/prog", string(b)), testkit.File("bin/torn", string(b[:300])+string(b)), testkit.File("bin/small", "\x7fELF small"), testkit.File("text", string(bytes.Repeat([]byte("x"), 1<<20))))
	x, err := layer.Read(bytes.NewReader(tar), layer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if s := x.Inside["bin/prog"]; s.Size() != int64(len(b)) || s.Code == 0 || len(x.Inside) != 1 {
		t.Errorf("%+v", x.Inside)
	}
	enc, err := layer.Encode(x)
	if err != nil {
		t.Fatal(err)
	}
	y, err := layer.Decode(enc)
	if err != nil || len(y.Inside) != 1 || y.Inside["bin/prog"] != x.Inside["bin/prog"] {
		t.Errorf("%+v, %v", y, err)
	}
	if bad, err := layer.Decode(regexp.MustCompile(`"rest":\d`).ReplaceAll(enc, []byte(`"rest":-`))); err == nil {
		t.Errorf("a negative number was decoded: %+v", bad.Inside)
	}
}
