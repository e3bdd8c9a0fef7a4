package pattern

import (
	"sync"
	"testing"
)

func TestCompiledOnceWhenUsed(t *testing.T) {
	tested = false
	defer func() { tested = true }()
	wrong := New(`(`)
	func() {
		defer func() {
			if recover() == nil {
				t.Error("a wrong expression was used without a word")
			}
		}()
		wrong()
	}()
	right := New(`^a+$`)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if right() != right() || !right().MatchString("aa") {
				t.Error("compiled twice, or wrongly")
			}
		})
	}
	all.Wait()
}

// A test finds a wrong expression without using it.
func TestCompiledAtOnceInTests(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a wrong expression was not compiled in a test")
		}
	}()
	New(`(`)
}
