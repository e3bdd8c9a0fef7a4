package buildinfo

import (
	"encoding/json"
	"runtime"
	"testing"
)

// Tools find what Docker's have at the same place, and the schema's name.
func TestRead(t *testing.T) {
	b, err := json.Marshal(Read("v0.1", "embedded", "/store"))
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Version, Os, BuildKit, Engine, Store string
		Server                               struct{ Version, Arch string }
		Schema                               string `json:"schema"`
		Deps                                 any
	}
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	if got.Version != Version || got.Server.Version != Version || got.Os != runtime.GOOS || got.Server.Arch != runtime.GOARCH {
		t.Errorf("another program: %s", b)
	}
	if got.BuildKit != "v0.1" || got.Engine != "embedded" || got.Store != "/store" || got.Schema != "tare.version/v1" || got.Deps != nil {
		t.Errorf("%s", b)
	}
}
