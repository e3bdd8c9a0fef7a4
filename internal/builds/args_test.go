package builds_test

import (
	"errors"
	"testing"

	"github.com/docker/cli/cli/config/configfile"
	"github.com/google/go-cmp/cmp"

	"tare/internal/builds"
	"tare/internal/request"
)

func TestArgs(t *testing.T) {
	env := map[string]string{"FROM_ENV": "e", "SOURCE_DATE_EPOCH": "7"}
	lookup := func(k string) (string, bool) { v, ok := env[k]; return v, ok }
	cfg := configfile.New("")
	cfg.Proxies = map[string]configfile.ProxyConfig{"default": {HTTPProxy: "http://p"}}
	for _, c := range []struct {
		given []string
		want  map[string]string
	}{
		{nil, map[string]string{"SOURCE_DATE_EPOCH": "7", "HTTP_PROXY": "http://p", "http_proxy": "http://p"}},
		{[]string{"A=1=2", "FROM_ENV", "ABSENT", "EMPTY="}, map[string]string{"A": "1=2", "FROM_ENV": "e", "EMPTY": "", "SOURCE_DATE_EPOCH": "7", "HTTP_PROXY": "http://p", "http_proxy": "http://p"}},
		{[]string{"SOURCE_DATE_EPOCH=1", "HTTP_PROXY=mine"}, map[string]string{"SOURCE_DATE_EPOCH": "1", "HTTP_PROXY": "mine", "http_proxy": "http://p"}},
	} {
		got, err := builds.Args(c.given, cfg, lookup)
		if d := cmp.Diff(c.want, got); err != nil || d != "" {
			t.Errorf("%v: %v (-want +got)\n%s", c.given, err, d)
		}
	}
	var bad request.Error
	if _, err := builds.Args([]string{"=x"}, cfg, lookup); !errors.As(err, &bad) {
		t.Errorf("%v", err)
	}
}
