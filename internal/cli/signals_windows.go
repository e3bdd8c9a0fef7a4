package cli

import "os"

// forwarded are the signals that `run` passes on to the program.
var forwarded = []os.Signal{os.Interrupt}
