package main
import ("testing";"os";"os/exec")
func TestZZ(t *testing.T){ s:=mustWorld(t); b,_:=os.ReadFile(s.archive); os.WriteFile("/tmp/th/probe.tar",b,0o644); out,_:=exec.Command("tar","tvf",s.archive).CombinedOutput(); t.Log(string(out)) }
