package packages_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"tare/internal/packages"
)

func TestPacman(t *testing.T) {
	list, problems := find(t, map[string]string{
		"var/lib/pacman/local/ALPM_DB_VERSION":      "9\n",
		"var/lib/pacman/local/bash-5.2.026-2/desc":  "%NAME%\nbash\n\n%VERSION%\n5.2.026-2\n\n%BASE%\nbash\n\n%ARCH%\nx86_64\n\n%SIZE%\n9000\n\n%REASON%\n1\n\n%DEPENDS%\nglibc>=2.38\nlibreadline.so=8-64\n\n%OPTDEPENDS%\nbash-completion: for tab completion\n\n%PROVIDES%\nsh\n\n",
		"var/lib/pacman/local/bash-5.2.026-2/files": "%FILES%\netc/\netc/bash.bashrc\nusr/bin/bash\n\n%BACKUP%\netc/bash.bashrc\t0123\n\n",
		"var/lib/pacman/local/glibc-2.39-1/desc":    "%NAME%\nglibc\n\n%VERSION%\n2.39-1\n\n%REASON%\n1\n\n",
		"var/lib/pacman/local/glibc-2.39-1/files":   "",
		"var/lib/pacman/local/readline-8-1/desc":    "%NAME%\nreadline\n\n%VERSION%\n8-1\n\n%PROVIDES%\nlibreadline.so=8-64\n\n",
		"var/lib/pacman/local/broken-1/desc":        "%VERSION%\n1\n",
	}, nil)
	want := []string{
		"alpm bash 5.2.026-2 needs:glibc needs:readline [etc/bash.bashrc usr/bin/bash var/lib/pacman/local/bash-5.2.026-2]",
		"alpm glibc 2.39-1 [var/lib/pacman/local/glibc-2.39-1]",
		"alpm readline 8-1 explicit [var/lib/pacman/local/readline-8-1]",
	}
	if d := cmp.Diff(want, brief(list)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if len(problems) != 1 || problems[0].Path != "var/lib/pacman/local/broken-1/desc" {
		t.Errorf("%v", problems)
	}
	if list[0].Declared != 9000 || list[0].Arch != "x86_64" || list[0].Source != "bash" {
		t.Errorf("%+v", list[0])
	}
	for path, kept := range map[string]bool{
		"var/lib/pacman/local/bash-5.2.026-2/desc": true, "var/lib/pacman/local/bash-5.2.026-2/files": true,
		"var/lib/pacman/local/bash-5.2.026-2/mtree": false, "var/lib/pacman/sync/core.db": false, "desc": false,
	} {
		if got := packages.Wanted(path, 0o644, 100).Limit > 0; got != kept {
			t.Errorf("%s is kept: %v", path, got)
		}
	}
	if !packages.BuildTool("alpm base-devel") || !packages.BuildTool("alpm gcc") || packages.BuildTool("alpm bash") {
		t.Error("build tools are wrong")
	}
}
