package dockerfile_test

import (
	"testing"

	"tare/internal/dockerfile"
)

func TestOtherSyntax(t *testing.T) {
	for in, want := range map[string]string{
		"FROM a\n":                                             "",
		"# syntax=docker/dockerfile:1\nFROM a\n":               "",
		"#syntax = docker/dockerfile\nFROM a\n":                "",
		"# syntax=docker.io/docker/dockerfile:1.7.0\nFROM a\n": "",
		"# syntax=docker/dockerfile:latest\nFROM a\n":          "",
		"# syntax=docker/dockerfile:1-labs\nFROM a\n":          "docker/dockerfile:1-labs",
		"# syntax=docker/dockerfile-upstream:master\nFROM a\n": "docker/dockerfile-upstream:master",
		"# syntax=docker/dockerfile:2\nFROM a\n":               "docker/dockerfile:2",
		"# syntax=example.com/my/frontend:3 arg\nFROM a\n":     "example.com/my/frontend:3",
		"# escape=`\n# syntax=example.com/x\nFROM a\n":         "example.com/x",
		"# a comment\n# syntax=example.com/x\nFROM a\n":        "",
	} {
		if got := dockerfile.OtherSyntax([]byte(in)); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
