package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestExampleReadme runs the commands of examples/python/README.md in a copy of its
// folder, and compares what they print where the page shows it.
func TestExampleReadme(t *testing.T) {
	needEngine(t)
	hub := needHub(t)
	h := newHome(t)
	h.set("TARE_HOSTS_DIR", filepath.Join(hub, "hosts"))
	h.set("TARE_HOME", filepath.Join(t.TempDir(), "store")) // not in the context, which the lab copies
	from := filepath.Join("..", "..", "examples", "python")
	files, err := os.ReadDir(from)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		b, err := os.ReadFile(filepath.Join(from, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		h.write(t, f.Name(), string(b))
	}
	page, err := os.ReadFile(filepath.Join(from, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	ran := 0
	var printed string
	for _, b := range blocks(string(page)) {
		if b.lang != "console" {
			continue
		}
		for line := range strings.Lines(b.text) {
			line = strings.TrimRight(line, "\n")
			command, is := strings.CutPrefix(line, "$ ")
			if !is {
				if !strings.Contains(printed, line) {
					t.Errorf("the page says that %q is printed, but it was\n%s", line, printed)
				}
				continue
			}
			cmd := exec.Command("sh", "-euc", command)
			cmd.Dir, cmd.Env = h.dir, h.env
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("$ %s\n%v\n%s", command, err, out)
			}
			printed = string(out)
			ran++
			if strings.HasPrefix(command, "tare compare --bytes") {
				checkNoPip(t, printed)
			}
		}
	}
	if ran < 8 {
		t.Errorf("only %d commands found in the page", ran)
	}
}

// checkNoPip holds the page to what it claims: without py3-pip one stage is as
// small as two, to within a few bytes.
func checkNoPip(t *testing.T, table string) {
	t.Helper()
	var single, others []int
	for line := range strings.Lines(table) {
		// Columns that do not fit beside one another stand below, with the baseline again.
		if f := strings.Fields(line); len(f) >= 4 && f[0] == "docker" {
			single = append(single, number(t, f[1]))
			for n := 2; n+1 < len(f) && len(others) < 2; n += 2 {
				others = append(others, number(t, f[n]))
			}
		}
	}
	if len(others) != 2 {
		t.Fatalf("no lines for docker in\n%s", table)
	}
	if d := others[0] - others[1]; d > 64 || d < -64 {
		t.Errorf("one stage without pip and two stages differ by %d bytes", d)
	}
	if others[0] >= single[0] {
		t.Errorf("leaving pip out saved nothing: %d of %d bytes", others[0], single[0])
	}
}

func number(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(strings.ReplaceAll(s, ",", ""))
	if err != nil {
		t.Fatal(err)
	}
	return n
}
