package experiment_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tare/internal/experiment"
)

const budgeted = `version: 1
budget:
  baseline: registry://app:main
  transfer: 50MB
  waste: 1%
  growth:
    transfer: 1MB
    live: 2%
    of: total
  layers: 12
  packages: {forbid: [gcc, "lib*-dev"], max: 100}
  findings: {secret-file: 0, "*": 3}
  seconds: {start: 2, rebuild: 0.5}
  images:
    app*: {transfer: 40MB}
  platforms:
    linux/arm64: {transfer: 60000000}
variants:
  - {name: app, budget: {live: 10MB}}
  - {name: other}
`

func TestBudget(t *testing.T) {
	f, err := experiment.Parse("tare.yaml", []byte(budgeted))
	if err != nil {
		t.Fatal(err)
	}
	rules := func(name, platform string, own *experiment.Limits) (out []string) {
		for _, r := range f.Budget.RulesFor(name, platform, own, "$.variants[0].budget") {
			out = append(out, fmt.Sprintf("%s %s line %d", r.Name, r.Value, experiment.Line([]byte(budgeted), r.At)))
		}
		return out
	}
	general := []string{"transfer 50MB line 4", "waste 1% line 5", "growth.transfer 1MB line 7", "growth.live 2% line 8", "growth.of total line 9", "layers 12 line 10",
		"packages.gcc 0 line 11", "packages.lib*-dev 0 line 11", "packages.max 100 line 11", "findings.* 3 line 12", "findings.secret-file 0 line 12", "seconds.start 2 line 13", "seconds.rebuild 0.5 line 13"}
	if d := cmp.Diff(general, rules("other", "linux/amd64", nil)); d != "" {
		t.Error(d)
	}
	special := append(general, "transfer 60000000 line 17", "transfer 40MB line 15", "live 10MB line 19")
	if d := cmp.Diff(special, rules("app", "linux/arm64", f.Variants[0].Budget)); d != "" {
		t.Error(d)
	}
	var none *experiment.Budget
	if got := none.RulesFor("app", "linux/amd64", nil, ""); got != nil {
		t.Errorf("%v", got)
	}
}

// What is wrong with a budget has its line and column.
func TestBudgetErrors(t *testing.T) {
	for body, want := range map[string]string{
		"transfr: 1MB":              `x:3:3: unknown field "transfr"`,
		"transfer: much":            `x:3:13: "much" is not a size (50MB, 1GB, 1048576)`,
		"transfer: -1MB":            `x:3:13: "-1MB" is not a size`,
		"transfer: 5%":              `x:3:13: "5%" of what? Percentages are for duplicate, overhead, waste, and for growth`,
		"waste: x%":                 `x:3:10: "x%" is no percentage such as 2%`,
		"growth: {transfr: 1MB}":    `unknown field "transfr"`,
		"growth: {waste: 1MB}":      `unknown field "waste"`,
		"growth: {live: lots}":      `x:3:18: "lots" is not a size`,
		"growth: {of: mine}":        `x:3:16: "mine": want yours or total`,
		"layers: -1":                `x:3:11: "-1": want a number, 0 or more`,
		"layers: many":              "x:3:11: ",
		"packages: {forbid: gcc}":   "x:3:",
		"packages: {forbid: ['[']}": `x:3:23: "[" is no name of a package`,
		"packages: {gcc: 0}":        `unknown field "gcc"`,
		"findings: {x: -1}":         `x:3:17: "-1": want a number, 0 or more`,
		"seconds: {start: 0}":       `x:3:20: "0": want a number of seconds`,
		"transfer:":                 "x:3:13: transfer says nothing: write a limit, or leave it out",
		"transfer: ''":              "transfer says nothing",
		"growth: {live: }":          "growth.live says nothing",
		"images: {a: {live: ''}}":   "live says nothing",
		"layers: null":              "layers says nothing",
		"transfer: {a: 1}":          `x:3:13: "{a: 1}" is not a size`,
		"transfer: [1MB]":           `x:3:13: "[1MB]" is not a size`,
		"seconds: {start: -1}":      `x:3:20: "-1": want a number of seconds`,
		"platforms: {arm: {}}":      `"arm": want os/architecture, such as linux/arm64`,
		"images: {'[': {}}":         `"[" is no pattern`,
		"images: {a: {live: b}}":    `x:3:22: "b" is not a size`,
		"images: {a: {bytes: 1}}":   `unknown field "bytes"`,
	} {
		_, err := experiment.Parse("x", []byte("version: 1\nbudget:\n  "+body+"\n"))
		var f *experiment.FileError
		if err == nil || !errors.As(err, &f) || !strings.Contains(err.Error(), want) || f.Line != 3 {
			t.Errorf("%s: %v, want %s", body, err, want)
		}
	}
	if _, err := experiment.Parse("x", []byte("version: 1\nbudget: {live: 1MB}\n")); err != nil {
		t.Errorf("limits alone: %v", err)
	}
	if _, err := experiment.Parse("x", []byte("version: 1\n")); err == nil {
		t.Error("nothing at all is no error")
	}
}

// Flags say the same.
func TestParseRules(t *testing.T) {
	got, err := experiment.ParseRules([]string{"transfer=50MB", "growth.live=2%", "packages.forbid=gcc,make", "packages.max=3", "findings.secret-file=0", "seconds.start=1.5"})
	want := []experiment.Rule{{Name: "transfer", Value: "50MB"}, {Name: "growth.live", Value: "2%"}, {Name: "packages.gcc", Value: "0"}, {Name: "packages.make", Value: "0"}, {Name: "packages.max", Value: "3"}, {Name: "findings.secret-file", Value: "0"}, {Name: "seconds.start", Value: "1.5"}}
	if d := cmp.Diff(want, got); err != nil || d != "" {
		t.Error(err, d)
	}
	for text, want := range map[string]string{
		"transfer": "want NAME=VALUE", "=1": "want NAME=VALUE", "transfer=": "want NAME=VALUE",
		"transfr=1MB":    `no limit "transfr"; did you mean transfer? The limits are transfer, tar`,
		"growth=1MB":     `no limit "growth"`,
		"packages.gcc=0": "want packages.forbid=NAME or packages.max=NUMBER",
		"live=5%":        "of what?",
	} {
		if _, err := experiment.ParseRules([]string{text}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}
