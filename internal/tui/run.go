package tui

import (
	"context"
	"errors"
	"os"

	tea "charm.land/bubbletea/v2"
)

// Terminal is where a viewer is shown.
type Terminal struct {
	In, Out *os.File
	Env     []string
}

// Run shows what a source has until the user leaves. It returns the error of loading.
func Run(ctx context.Context, src Source, t Terminal) error {
	var p *tea.Program
	m := New(ctx, src, func(msg tea.Msg) { p.Send(msg) })
	p = tea.NewProgram(m, tea.WithContext(ctx), tea.WithInput(t.In), tea.WithOutput(t.Out), tea.WithEnvironment(t.Env), tea.WithoutSignalHandler())
	if _, err := p.Run(); err != nil && m.Err() == nil {
		if errors.Is(err, tea.ErrProgramKilled) && ctx.Err() != nil {
			return ctx.Err()
		}
		return err
	}
	return m.Err()
}
