// Command tare is the profiler for container images.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"time"

	"tare/internal/cli"
	"tare/internal/garbage"
	"tare/internal/plugin"
	"tare/internal/source"
)

func main() {
	if err := early(); err != nil {
		fmt.Fprintln(os.Stderr, "tare:", err)
		os.Exit(1)
	}
	garbage.Late()
	source.FollowNoURLs()
	ctx, stop := signal.NotifyContext(context.Background(), endings()...)
	// Another signal ends the program at once, whatever it still waits for. Not in the
	// first second: timeout(1) and the like send the first one twice.
	context.AfterFunc(ctx, func() { time.AfterFunc(time.Second, stop) })
	ctx, cancel := context.WithCancel(ctx)
	readers := watchReaders(cancel)
	args, env := plugin.Arguments(os.Args[0], os.Args[1:])
	for k, v := range env {
		_ = os.Setenv(k, v) // before anything has read it
	}
	code := cli.Main(ctx, args, cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Gone: readers.Gone}, engines(), stop)
	stop()
	cancel()
	if code == cli.NobodyReads {
		readers.end()
	}
	os.Exit(code)
}
