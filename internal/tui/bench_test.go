package tui

import (
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
)

// benchFiles is the number of files of the image that the benchmarks look at.
const benchFiles = 500_000

// BenchmarkFirstFrame is the time from facts to the first screen, of 500,000 files, and to
// that with the tree.
func BenchmarkFirstFrame(b *testing.B) {
	d := &Data{Images: []Image{{Name: "large", Facts: many(b, benchFiles)}}}
	runtime.GC()
	var first, all time.Duration
	for b.Loop() {
		begin := time.Now()
		m := New(b.Context(), nil, nil)
		cmd := m.loaded(loadedMsg{data: d})
		_ = m.View()
		first += time.Since(begin)
		drain(m, cmd)
		_ = m.View()
		all += time.Since(begin)
	}
	b.ReportMetric(float64(first.Microseconds())/1000/float64(b.N), "ms/first")
	b.ReportMetric(float64(all.Microseconds())/1000/float64(b.N), "ms/tree")
}

// BenchmarkKeys is the time that each of many keys takes until the screen can be drawn
// again (Update and View), and the time until what it asks for is there; 99th percentiles.
func BenchmarkKeys(b *testing.B) {
	m := New(b.Context(), nil, nil)
	m.Update(tea.WindowSizeMsg{Width: 160, Height: 45})
	d := &Data{Images: []Image{{Name: "large", Facts: many(b, benchFiles)}}}
	drain(m, m.loaded(loadedMsg{data: d}))
	keys := []string{"down", "down", "G", "g", "tab", "right", "down", "down", "right", "pgdown", "w", "s", "s", "s", "s", "s", "left", "/", "7", "7", "enter", "esc", "U", "U", "A", "A", "2", "enter", "ctrl+o", "3", "enter", "ctrl+o", "1", "a", "G", "Z", "Z", "i", "i"}
	var at, there []time.Duration
	for b.Loop() {
		for _, k := range keys {
			begin := time.Now()
			_, cmd := m.Update(press(k))
			_ = m.View()
			at = append(at, time.Since(begin))
			drain(m, cmd)
			_ = m.View()
			there = append(there, time.Since(begin))
			if l := time.Since(begin); l > 16*time.Millisecond && testing.Verbose() {
				fmt.Println(k, at[len(at)-1], l)
			}
		}
	}
	slices.Sort(at)
	slices.Sort(there)
	b.ReportMetric(float64(at[len(at)*99/100].Microseconds())/1000, "ms-p99/key")
	b.ReportMetric(float64(there[len(there)*99/100].Microseconds())/1000, "ms-p99/result")
	b.ReportMetric(float64(there[len(there)/2].Microseconds())/1000, "ms-median/result")
}
