//go:build slurm

package main

import (
	"crypto/rand"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tare/internal/testkit"
)

// slurm starts Debian's Slurm on this machine: its authentication, its controller and one node. It returns the environment in which
// sbatch finds it.
func slurm(t *testing.T, h *home) []string {
	t.Helper()
	needRoot(t)
	for _, p := range []string{"munged", "slurmctld", "slurmd", "sbatch", "scancel"} {
		if _, err := exec.LookPath(p); err != nil {
			t.Skipf("%s is not here: apt-get install slurm-wlm munge", p)
		}
	}
	dir := filepath.Join(h.dir, "slurm")
	for _, d := range []string{"state", "spool"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	key := make([]byte, 1024)
	_, _ = rand.Read(key)
	in := func(name string) string { return filepath.Join(dir, name) }
	if err := os.WriteFile(in("key"), key, 0o400); err != nil {
		t.Fatal(err)
	}
	name, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	name, _, _ = strings.Cut(name, ".")
	conf := fmt.Sprintf(`ClusterName=tare
SlurmctldHost=%s(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=%s
CredType=cred/munge
SlurmctldPort=%d
SlurmdPort=%d
StateSaveLocation=%s
SlurmdSpoolDir=%s
SlurmctldPidFile=%s
SlurmdPidFile=%s
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
ReturnToService=2
SlurmdParameters=config_overrides
SchedulerParameters=sched_interval=1,batch_sched_delay=0
NodeName=%s NodeAddr=127.0.0.1 CPUs=4 State=UNKNOWN
PartitionName=test Nodes=%s Default=YES MaxTime=INFINITE State=UP
`, name, in("munge.socket"), freePort(t), freePort(t), in("state"), in("spool"), in("ctld.pid"), in("d.pid"), name, name)
	if err := os.WriteFile(in("slurm.conf"), []byte(conf), 0o644); err != nil { //nolint:gosec // read by several users
		t.Fatal(err)
	}
	env := append(h.env, "SLURM_CONF="+in("slurm.conf"))
	start := func(program string, args ...string) {
		c := exec.Command(program, args...)
		c.Env = env
		log, err := os.Create(in(program + ".log"))
		if err != nil {
			t.Fatal(err)
		}
		c.Stdout, c.Stderr = log, log
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = c.Process.Signal(os.Interrupt)
			ended := make(chan struct{})
			go func() { _ = c.Wait(); close(ended) }()
			select {
			case <-ended:
			case <-time.After(5 * time.Second):
				_ = c.Process.Kill()
			}
			if b, err := os.ReadFile(in(program + ".log")); err == nil && t.Failed() {
				t.Logf("%s:\n%s", program, b)
			}
		})
	}
	start("munged", "-F", "--force", "--key-file", in("key"), "--socket", in("munge.socket"), "--pid-file", in("munge.pid"), "--log-file", in("munge.log"), "--seed-file", in("munge.seed"))
	wait(t, "munge", func() bool { _, err := os.Stat(in("munge.socket")); return err == nil })
	start("slurmctld", "-D", "-i")
	start("slurmd", "-D", "-N", name)
	wait(t, "an idle node", func() bool {
		c := exec.Command("sinfo", "-h", "-o", "%t")
		c.Env = env
		out, _ := c.Output()
		return strings.TrimSpace(string(out)) == "idle"
	})
	return env
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
}

func wait(t *testing.T, what string, there func() bool) {
	t.Helper()
	for range 300 {
		if there() {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("no %s within 30 seconds", what)
}

// TestSlurm: the script that tare writes runs as an array of the real Slurm; its tasks divide the layers, and one that is killed is
// run again.
func TestSlurm(t *testing.T) {
	h := newHome(t)
	reg := testkit.NewRegistry(t)
	for i := range 12 {
		reg.Push(t, fmt.Sprintf("team/app%d", i), "1", testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Numbered(t, 1, 5000), testkit.Numbered(t, 100+i, 500)}}))
	}
	env := slurm(t, h)
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	bin := filepath.Join(h.dir, "bin")
	if err := os.MkdirAll(bin, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(program, filepath.Join(bin, "tare")); err != nil {
		t.Fatal(err)
	}
	env = append(env, "PATH="+bin+":"+os.Getenv("PATH"))
	one, many := filepath.Join(h.dir, "one"), filepath.Join(h.dir, "many")
	h.tare(t, "fleet", "scan", "--out", one, reg.Host)
	submit := func(want bool, args ...string) string {
		t.Helper()
		script := h.tare(t, append([]string{"fleet", "manifest", "slurm", "--shards", "3", "--out", many}, args...)...)
		c := exec.Command("sbatch", "--wait", "--chdir", h.dir, "--output", filepath.Join(h.dir, "task-%a.log"))
		c.Stdin, c.Env = strings.NewReader(script), env
		out, err := c.CombinedOutput()
		if (err == nil) != want {
			t.Errorf("sbatch: %v\n%s", err, out)
		}
		var logs []byte
		for i := 1; i <= 3; i++ {
			b, _ := os.ReadFile(filepath.Join(h.dir, fmt.Sprintf("task-%d.log", i)))
			logs = append(logs, b...)
		}
		return string(logs)
	}
	logs := submit(true, reg.Host)
	for i := 1; i <= 3; i++ {
		if text := fmt.Sprintf("shard %d of 3 (SLURM_ARRAY_TASK_ID)", i); !strings.Contains(logs, text) {
			t.Errorf("no %q in\n%s", text, logs)
		}
	}
	for _, part := range []string{"plan.json", "layers"} {
		if out, err := exec.Command("diff", "-r", filepath.Join(one, part), filepath.Join(many, part)).CombinedOutput(); err != nil {
			t.Errorf("%s differs: %s", part, out)
		}
	}
	// The same array again reads nothing; one of another plan is refused.
	if logs := submit(true, reg.Host); strings.Count(logs, "Read    0 layers") != 3 {
		t.Error(logs)
	}
	if logs := submit(false, reg.Host+"/team/app1"); strings.Count(logs, "has another plan") != 3 {
		t.Error(logs)
	}
}
