package progress

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestSlow(t *testing.T) {
	var begun, ended atomic.Int32
	watch := func() (Func, func()) {
		return func(e Event) {
			if e.ID == "store" && e.Action == "Measuring" {
				begun.Add(1)
			}
		}, func() { ended.Add(1) }
	}
	Slow(watch, "store", "Measuring")()
	Slow(nil, "store", "Measuring")()
	time.Sleep(Patience + 200*time.Millisecond)
	if begun.Load() != 0 || ended.Load() != 0 {
		t.Errorf("quick work was shown %d times, ended %d times", begun.Load(), ended.Load())
	}
	done := Slow(watch, "store", "Measuring")
	time.Sleep(Patience + 300*time.Millisecond)
	if begun.Load() != 1 || ended.Load() != 0 {
		t.Errorf("slow work was shown %d times, ended %d times", begun.Load(), ended.Load())
	}
	done()
	done()
	if ended.Load() != 1 {
		t.Errorf("it was taken away %d times", ended.Load())
	}
}

func TestWriter(t *testing.T) {
	var out strings.Builder
	var last Event
	w := Func(func(e Event) { last = e }).Writer(&out, "app", "Saving", 1<<20)
	for range 4 {
		if n, err := w.Write(make([]byte, 200<<10)); n != 200<<10 || err != nil {
			t.Fatal(n, err)
		}
	}
	if out.Len() != 800<<10 || last.Done != 800<<10 || last.Total != 1<<20 || last.Action != "Saving" {
		t.Errorf("%d bytes, %+v", out.Len(), last)
	}
	if w := Func(nil).Writer(&out, "", "", 0); w != &out {
		t.Error("nobody watches")
	}
}
