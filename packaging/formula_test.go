package packaging_test

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// brew is as much of Homebrew's language as a formula needs to say what it downloads.
const brew = `class Formula
  def self.within(word) = ((@@where ||= []).push(word); yield; @@where.pop)
  %i[on_macos on_linux on_arm on_intel].each { |m| define_singleton_method(m) { |&b| within(m.to_s, &b) } }
  def self.resource(name, &b) = within(name, &b)
  %i[desc homepage version license].each { |m| define_singleton_method(m) { |v| puts "#{m} #{v}" } }
  %i[url sha256].each { |m| define_singleton_method(m) { |v| puts "#{@@where.join(' ')} #{m} #{v}" } }
  def self.test = nil
end
load ARGV[0]`

// The formula has the address that it is given, and the sum of every file.
func TestFormula(t *testing.T) {
	need(t, "bash", "bash")
	dir := t.TempDir()
	sums := map[string]string{}
	for _, name := range []string{"darwin-arm64", "darwin-amd64", "linux-arm64", "linux-amd64", "manual.tar.gz"} {
		if err := os.WriteFile(filepath.Join(dir, "tare-1.2.3-"+name), []byte(name), 0o755); err != nil {
			t.Fatal(err)
		}
		sums[name] = fmt.Sprintf("%x", sha256.Sum256([]byte(name)))
	}
	out, err := runScript("formula.sh", []string{"BASE_URL=https://example.invalid/releases/1.2.3/", "HOMEPAGE=https://example.invalid"}, dir, "1.2.3")
	if err != nil {
		t.Fatal(out)
	}
	for name, sum := range sums {
		if want := "url \"https://example.invalid/releases/1.2.3/tare-1.2.3-" + name + "\"\n"; !strings.Contains(out, want) {
			t.Errorf("no %s in\n%s", want, out)
		}
		if strings.Count(out, sum) != 1 {
			t.Errorf("the sum of %s is there %d times", name, strings.Count(out, sum))
		}
	}
	if strings.Contains(out, "@VERSION") || strings.Contains(out, "@BASE") || strings.Contains(out, "@HOME") || strings.Contains(out, "@SHA") {
		t.Error("something was not filled in:\n", out)
	}
	need(t, "ruby", "ruby")
	file := filepath.Join(dir, "tare.rb")
	if err := os.WriteFile(file, []byte(out), 0o644); err != nil {
		t.Fatal(err)
	}
	output(t, "ruby", "-c", file)
	said := output(t, "ruby", "-e", brew, file)
	for _, want := range []string{"version 1.2.3\n", "homepage https://example.invalid\n", "on_macos on_arm sha256 " + sums["darwin-arm64"], "on_macos on_intel sha256 " + sums["darwin-amd64"],
		"on_linux on_arm sha256 " + sums["linux-arm64"], "on_linux on_intel sha256 " + sums["linux-amd64"], "manual sha256 " + sums["manual.tar.gz"]} {
		if !strings.Contains(said, want) {
			t.Errorf("no %q in\n%s", want, said)
		}
	}
}

// There is no formula without an address, nor with a sum of nothing.
func TestFormulaInventsNothing(t *testing.T) {
	need(t, "bash", "bash")
	dir := t.TempDir()
	for name, env := range map[string][]string{"no address": {"BASE_URL="}, "no files": {"BASE_URL=https://example.invalid"}, "no address at all": {"BASE_URL=x\" ; system \"id"}} {
		if out, err := runScript("formula.sh", env, dir, "1.2.3"); err == nil {
			t.Errorf("%s: wrote\n%s", name, out)
		}
	}
}

// Each package manager sorts versions as semantic versioning does.
func TestVersionsSort(t *testing.T) {
	need(t, "bash", "bash")
	as := func(kind, version string) string {
		out, err := runScript("version.sh", nil, kind, version, "20260131")
		if err != nil {
			t.Fatal(out)
		}
		return strings.TrimSpace(out)
	}
	order := []string{"1.2.3-dev+g1234567", "1.2.3-rc.1", "1.2.3-rc.1+5.gabc1234", "1.2.3-rc.2", "1.2.3", "1.2.3+5.gabc1234", "1.2.3+12.gabc1234.dirty", "1.2.4-rc.1", "1.10.0"}
	wantApk := []string{"1.2.3_pre20260131", "1.2.3_rc1", "1.2.3_rc1_p5", "1.2.3_rc2", "1.2.3", "1.2.3_p5", "1.2.3_p12", "1.2.4_rc1", "1.10.0"}
	for n, v := range order {
		if got := as("apk", v); got != wantApk[n] {
			t.Errorf("apk: %s is %s, want %s", v, got, wantApk[n])
		}
	}
	t.Run("deb", func(t *testing.T) {
		need(t, "dpkg", "dpkg")
		for n := range order[1:] {
			output(t, "dpkg", "--compare-versions", as("deb", order[n]), "lt", as("deb", order[n+1]))
		}
	})
	t.Run("rpm", func(t *testing.T) {
		need(t, "rpm", "rpm")
		for n := range order[1:] {
			if got := output(t, "rpm", "--eval", "%{lua: print(rpm.vercmp('"+as("rpm", order[n])+"', '"+as("rpm", order[n+1])+"'))}"); got != "-1\n" {
				t.Errorf("%s and %s: %s", order[n], order[n+1], got)
			}
		}
	})
	for _, bad := range []string{"dev", "8ef7ad0", "1.2.3;id", ""} {
		if out, err := runScript("version.sh", nil, "deb", bad); err == nil {
			t.Errorf("%q became %s", bad, out)
		}
	}
}

// The version follows the tags of the checkout, and internal/buildinfo before the first.
func TestVersionOfACheckout(t *testing.T) {
	need(t, "git", "git")
	dir := t.TempDir()
	for _, f := range []string{"scripts/version.sh", "internal/buildinfo/buildinfo.go"} {
		b, err := os.ReadFile(filepath.Join("..", f))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, f)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, f), b, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	do := func(line string) string {
		cmd := exec.Command("sh", "-euc", line)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CEILING_DIRECTORIES="+filepath.Dir(dir), "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@b", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@b")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", line, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	base := do("scripts/version.sh") // no repository
	if !strings.HasPrefix(base, "0.") && !strings.HasPrefix(base, "1.") {
		t.Errorf("no version in internal/buildinfo: %q", base)
	}
	do("git init -q; git add .; git commit -qm one")
	id := do("git rev-parse --short HEAD")
	for _, c := range []struct{ line, want string }{
		{"", base + "+g" + id},
		{"echo >> scripts/version.sh", base + "+g" + id + ".dirty"},
		{"git checkout -q .; git tag v1.4.0-rc.1", "1.4.0-rc.1"},
		{"git tag -d v1.4.0-rc.1 >/dev/null; git tag v1.4.0; git tag nightly", "1.4.0"},
		{"echo >> scripts/version.sh", "1.4.0+dirty"},
		{"git commit -qam two", "1.4.0+1.g"},
		{"echo >> scripts/version.sh", ".dirty"},
	} {
		if got := do(c.line + "\nscripts/version.sh"); got != c.want && (!strings.HasSuffix(c.want, ".g") || !strings.HasPrefix(got, c.want)) && (c.want != ".dirty" || !strings.HasPrefix(got, "1.4.0+1.g") || !strings.HasSuffix(got, c.want)) {
			t.Errorf("after %q the version is %s, want %s", c.line, got, c.want)
		}
	}
}
