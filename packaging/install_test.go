package packaging_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// unpacked is what the .deb would install.
func unpacked(t *testing.T, r release) string {
	t.Helper()
	need(t, "dpkg-deb", "dpkg")
	root := t.TempDir()
	output(t, "dpkg-deb", "-x", r.program+".deb", root)
	return root
}

// The completions in a package are what the program writes, and each shell can read its own.
func TestCompletionsLoad(t *testing.T) {
	r := needRelease(t)
	root := unpacked(t, r)
	for shell, file := range map[string]string{"bash": "bash-completion/completions/tare", "zsh": "zsh/vendor-completions/_tare", "fish": "fish/vendor_completions.d/tare.fish"} {
		t.Run(shell, func(t *testing.T) {
			file := filepath.Join(root, "usr/share", file)
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if want := output(t, filepath.Join(root, "usr/bin/tare"), "completion", shell); string(b) != want {
				t.Errorf("not what tare completion %s prints", shell)
			}
			need(t, shell, shell)
			output(t, shell, "-n", file)
		})
	}
}

// bash, with the package's script, completes commands by asking the program.
func TestBashCompletes(t *testing.T) {
	r := needRelease(t)
	need(t, "bash", "bash")
	root := unpacked(t, r)
	cmd := exec.Command("bash", "--norc", "-c", `_get_comp_words_by_ref() { cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} words=("${COMP_WORDS[@]}") cword=$COMP_CWORD; }
source "$1"; COMP_WORDS=(tare wei) COMP_CWORD=1 COMP_TYPE=9 COMP_LINE='tare wei' COMP_POINT=8; __start_tare; printf '%s\n' "${COMPREPLY[@]}"`, "bash", filepath.Join(root, "usr/share/bash-completion/completions/tare"))
	cmd.Env = append(os.Environ(), "PATH="+filepath.Join(root, "usr/bin")+":"+os.Getenv("PATH"), "TARE_HOME="+t.TempDir())
	out, err := cmd.Output() // compopt complains on stderr that no key was pressed
	if err != nil || strings.TrimSpace(string(out)) != "weigh" {
		t.Errorf("%v, completed %q", err, out)
	}
}

// The pages in a package render as they are, compressed.
func TestManualRenders(t *testing.T) {
	r := needRelease(t)
	root := unpacked(t, r)
	pages, err := filepath.Glob(filepath.Join(root, "usr/share/man/man*/*.gz"))
	if err != nil || len(pages) < 50 {
		t.Fatal(pages, err)
	}
	t.Run("mandoc", func(t *testing.T) {
		need(t, "mandoc", "mandoc")
		output(t, "gzip", append([]string{"-dk"}, pages...)...) // given several, mandoc unpacks the first only
		for n, p := range pages {
			pages[n] = strings.TrimSuffix(p, ".gz")
		}
		if out := output(t, "mandoc", append([]string{"-T", "lint", "-W", "warning"}, pages...)...); out != "" {
			t.Errorf("%.2000s", out)
		}
	})
	t.Run("man", func(t *testing.T) {
		need(t, "man", "man-db")
		cmd := exec.Command("man", "--warnings", "-E", "UTF-8", "-l", filepath.Join(root, "usr/share/man/man1/tare-weigh.1.gz"))
		cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "MANWIDTH=80", "MANPAGER=cat")
		var warnings strings.Builder
		cmd.Stderr = &warnings
		page, err := cmd.Output()
		if err != nil || warnings.Len() > 0 || !strings.Contains(string(page), "--all-platforms") || !strings.Contains(string(page), "tare "+r.version) {
			t.Errorf("%v\n%s\n%s", err, warnings.String(), page)
		}
	})
}

// needContainers skips where containers cannot run, and returns the hub to pull from.
func needContainers(t *testing.T) (kind, hosts string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	need(t, "runc", "runc")
	if err := exec.Command("unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", os.TempDir()).Run(); err != nil {
		t.Skip("root may not mount here: ", err)
	}
	cmd := exec.Command("../scripts/hub.sh", "find")
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		t.Skipf("no images to start from: %v\n%s", err, said.String())
	}
	vars := map[string]string{}
	for _, m := range regexp.MustCompile(`(\w+)=(\S+)`).FindAllStringSubmatch(string(out), -1) {
		vars[m[1]] = strings.Trim(m[2], "'")
	}
	if vars["HUB_KIND"] == "own" {
		t.Cleanup(func() { _ = exec.Command("../scripts/hub.sh", "stop").Run() })
	}
	return vars["HUB_KIND"], vars["TARE_HOSTS_DIR"]
}

// machine is a tare with a store of its own, and the files of a build context.
type machine struct {
	tare, context, hosts string
	env                  []string
}

func newMachine(t *testing.T, r release, hosts string) machine {
	t.Helper()
	env := append(os.Environ(), "TARE_HOME="+filepath.Join(t.TempDir(), "store"), "NO_PAGER=1", "BUILDKIT_PROGRESS=plain")
	if hosts != "" {
		env = append(env, "TARE_HOSTS_DIR="+hosts)
	}
	return machine{r.program, t.TempDir(), hosts, env}
}

func (m machine) do(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.Command(m.tare, args...)
	cmd.Env = m.env
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("tare %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// build builds an image from a Dockerfile, with a package beside it.
func (m machine) build(t *testing.T, pkg, as, dockerfile string) {
	t.Helper()
	b, err := os.ReadFile(pkg)
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"tare.package": b, "Dockerfile": []byte(dockerfile)} {
		if err := os.WriteFile(filepath.Join(m.context, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	m.do(t, "build", "-t", as, m.context)
}

// run runs a line of sh in an image, which sees the hub as this machine does.
func (m machine) run(t *testing.T, image, line string) string {
	t.Helper()
	args := []string{"run", "--rm"}
	if m.hosts != "" {
		args = append(args, "-v", m.hosts+":/hub:ro", "-e", "TARE_HOSTS_DIR=/hub")
	}
	return m.do(t, append(args, image, "sh", "-euc", line)...)
}

// firstStep is the exercise's: make the application, pull the official image, look at it.
const firstStep = `mkdir -p /root/compare-python-images; cd /root/compare-python-images
echo 'print("Hello from a Python app running on Alpine!")' > app.py
tare pull python:slim; tare images python:slim`

var listing = regexp.MustCompile(`REPOSITORY +TAG +IMAGE ID +CREATED +SIZE\npython +slim +[0-9a-f]{12} .*[0-9]MB`)

// In a Debian container: install the package, do the exercise's first step, remove it.
func TestDebInstalls(t *testing.T) {
	r := needRelease(t)
	_, hosts := needContainers(t)
	m := newMachine(t, r, hosts)
	m.build(t, r.program+".deb", "with-tare", "FROM python:slim\nCOPY tare.package /tare.deb\nRUN dpkg -i /tare.deb && test \"$(tare --version)\" = 'tare version "+r.version+"'\n")
	if out := m.run(t, "with-tare", firstStep); !listing.MatchString(out) {
		t.Errorf("the first step prints\n%s", out)
	}
	out := m.run(t, "with-tare", `dpkg -L tare; dpkg --verify tare; dpkg -r tare; command -v tare || echo gone; ls -d /usr/share/doc/tare /usr/share/bash-completion/completions/tare 2>/dev/null || echo nothing left`)
	for _, want := range []string{"/usr/bin/tare\n", "/usr/share/man/man1/tare-weigh.1.gz\n", "gone\n", "nothing left\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

// The same in an Alpine container, with apk itself.
func TestApkInstalls(t *testing.T) {
	r := needRelease(t)
	kind, hosts := needContainers(t)
	if kind == "own" {
		t.Skip("needs alpine:latest, which the hub that scripts/hub.sh makes does not have")
	}
	m := newMachine(t, r, hosts)
	m.build(t, r.program+".apk", "with-tare", "FROM alpine:latest\nCOPY tare.package /tare.apk\nRUN apk add --no-network --allow-untrusted /tare.apk && test \"$(tare --version)\" = 'tare version "+r.version+"'\n")
	if out := m.run(t, "with-tare", firstStep); !listing.MatchString(out) {
		t.Errorf("the first step prints\n%s", out)
	}
	out := m.run(t, "with-tare", `apk info -L tare; apk info -v tare; apk audit --system | grep -v ' etc/' || true; apk del --no-network tare; command -v tare || echo gone`)
	for _, want := range []string{"usr/bin/tare\n", "tare-1.2.3_rc1", "gone\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

// rpm installs the package into a root of its own, verifies it and removes it.
func TestRpmInstalls(t *testing.T) {
	r := needRelease(t)
	need(t, "rpm", "rpm")
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	root := t.TempDir()
	rpm := func(args ...string) string { return output(t, "rpm", append([]string{"--root", root}, args...)...) }
	rpm("--initdb")
	rpm("-i", "--nosignature", r.program+".rpm")
	if out := rpm("-V", "tare"); out != "" {
		t.Error(out)
	}
	if out := output(t, filepath.Join(root, "usr/bin/tare"), "--version"); out != "tare version "+r.version+"\n" {
		t.Error(out)
	}
	rpm("-e", "tare")
	for _, dir := range []string{"usr/share/licenses/tare", "usr/share/doc/tare", "usr/bin/tare"} {
		if _, err := os.Stat(filepath.Join(root, dir)); !os.IsNotExist(err) {
			t.Errorf("%s is left: %v", dir, err)
		}
	}
}

// The released tare builds its own image, and what README says it weighs is true.
func TestImageWeighsWhatReadmeSays(t *testing.T) {
	r := needRelease(t)
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	need(t, "runc", "runc")
	if _, err := os.Stat("/etc/ssl/certs/ca-certificates.crt"); err != nil {
		t.Skip("needs ca-certificates: ", err)
	}
	if !strings.HasSuffix(r.program, "-linux-amd64") {
		t.Skip("README is about linux/amd64")
	}
	home := filepath.Join(t.TempDir(), "store")
	out, err := runScript("image.sh", []string{"TARE=" + r.program, "TARE_HOME=" + home, "NAME=own"}, r.dir, r.version, "check")
	if err != nil {
		t.Fatal(out)
	}
	if !strings.Contains(out, "README is right") {
		t.Error(out)
	}
	m := machine{tare: r.program, env: append(os.Environ(), "TARE_HOME="+home)}
	// Nobody in particular, with nothing but the image, can look at an image.
	if out := m.do(t, "run", "--rm", "--user", "4321", "own", "version", "--format", "{{.Version}} {{.Store}}"); out != r.version+" /var/lib/tare\n" {
		t.Error(out)
	}
}
